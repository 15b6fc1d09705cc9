/** What was delivered late: it was held up, and has come after all. */
import type { LateService } from '../../infra/book/book-request.ts'
import { lateAfterMs } from '../../infra/book/interval.ts'
import type { Observed } from '../observed.ts'
import { instantText, isoOrNull } from './instant-text.ts'
import type { Scope } from './survey.ts'
import type { Window } from './window.ts'

export type Lateness =
  | {
      readonly kind: 'known'
      readonly records: number
      /** Late is from so many seconds after the acceptance on. */
      readonly afterSeconds: number
      /** Most first. */
      readonly services: readonly LateDelivery[]
      /** Services that are not listed. */
      readonly unlisted: number
    }
  | { readonly kind: 'unknown'; readonly why: string }

/** Instants are ISO 8601; null where they are not known any more. */
export type LateDelivery = {
  readonly tenant: string
  readonly service: string
  readonly records: number
  /** The records' own times. */
  readonly first: string | null
  readonly last: string | null
  readonly deliveredFirst: string | null
  readonly deliveredLast: string | null
  /** At least; null where it is not known any more. */
  readonly longestWaitSeconds: number | null
  readonly times: readonly { readonly from: string; readonly to: string }[]
}

const servicesMax = 2_000

/** A book that cannot be read is no reason to tell nothing of the losses. */
export const latenessIn = async (
  { book }: Pick<Observed, 'book'>,
  asked: Scope & Window,
): Promise<Lateness> => {
  try {
    const answer = await book.ask({ kind: 'late', ...asked })
    if (answer.type !== 'late') return { kind: 'unknown', why: `The book told ${answer.type}.` }
    const { late } = answer
    return {
      kind: 'known',
      records: late.reduce((sum, { records }) => sum + records, 0),
      afterSeconds: lateAfterMs / 1_000,
      services: late.slice(0, servicesMax).map(deliveryOf),
      unlisted: Math.max(0, late.length - servicesMax),
    }
  } catch (cause) {
    return { kind: 'unknown', why: cause instanceof Error ? cause.message : String(cause) }
  }
}

const deliveryOf = ({ tenant, service, records, waitMsMax, spans, ...of }: LateService) => ({
  ...{ tenant, service, records },
  first: isoOrNull(of.eventFromMs),
  last: isoOrNull(of.eventToMs),
  deliveredFirst: isoOrNull(of.endedFromMs),
  deliveredLast: isoOrNull(of.endedToMs),
  longestWaitSeconds: waitMsMax === 0 ? null : Math.round(waitMsMax / 1_000),
  times: spans.map(({ fromMs, toMs }) => ({
    from: instantText(fromMs),
    to: instantText(toMs),
  })),
})
