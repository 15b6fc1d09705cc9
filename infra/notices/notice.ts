/**
 * A notice: what one webhook is told of one tenant, or of the pipeline as a whole. It is open while
 * what happens joins it, and sealed before it is sent: from then on its bytes never change.
 */
import { createHash } from 'node:crypto'
import type { Loss, LostStretch } from './loss.ts'

export const noticeTypes = {
  drop: 'io.holdfast.drop',
  stall: 'io.holdfast.stall',
  recovered: 'io.holdfast.recovered',
  redirect: 'io.holdfast.redirect',
  rollback: 'io.holdfast.rollback',
} as const
export type NoticeKind = keyof typeof noticeTypes

/** Something that happened to the pipeline, as it is told: names and values of `data.events`. */
export type Happening = Readonly<Record<string, string | number | null>>

export type Open = {
  /** The tenant of a loss; otherwise the pattern of tenants that the webhook is configured with. */
  readonly subject: string
  readonly openedAtMs: number
  readonly lastAtMs: number
} & (
  | { readonly kind: 'drop'; readonly loss: Loss }
  | {
      readonly kind: Exclude<NoticeKind, 'drop'>
      /** Of the first and the last, for the id. */
      readonly firstMark: string
      readonly lastMark: string
      readonly events: readonly Happening[]
      readonly eventsOmitted: number
    }
)

export type Sealed = {
  readonly id: string
  readonly kind: NoticeKind
  readonly subject: string
  readonly openedAtMs: number
  readonly sealedAtMs: number
  /** The CloudEvent, byte for byte as it is sent. */
  readonly event: string
  readonly attempts: number
  readonly nextAtMs: number
  readonly failure: string | null
}

export type DeadLetter = Sealed & {
  readonly webhook: string
  readonly deadAtMs: number
  readonly why: string
}

/** Who speaks, and to whom. */
export type Address = {
  /** `source` of the CloudEvent. */
  readonly source: string
  readonly webhook: string
  /** Drawn once for an outbox, so that the ids of two of them never meet. */
  readonly nonce: string
}

export const sealed = (open: Open, address: Address, nowMs: number): Sealed => {
  const id = idOf(open, address)
  const { kind, subject, openedAtMs } = open
  return {
    id,
    kind,
    subject,
    openedAtMs,
    sealedAtMs: nowMs,
    event: JSON.stringify(cloudEvent(open, { id, source: address.source })),
    attempts: 0,
    nextAtMs: nowMs,
    failure: null,
  }
}

/** The same content has the same id, and no other content has it. */
const idOf = (open: Open, { source, webhook, nonce }: Address): string => {
  const [first, last] =
    open.kind === 'drop'
      ? [open.loss.firstDropId, open.loss.lastDropId]
      : [open.firstMark, open.lastMark]
  const hash = createHash('sha256')
    .update(JSON.stringify([source, nonce, webhook, open.kind, open.subject, first, last]))
    .digest('hex')
  return `${open.kind}-${first}-${hash.slice(0, 16)}`
}

/** @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md */
const cloudEvent = (
  open: Open,
  { id, source }: { readonly id: string; readonly source: string },
): object => ({
  specversion: '1.0',
  id,
  source,
  type: noticeTypes[open.kind],
  subject: attribute(open.subject),
  time: iso(open.lastAtMs),
  datacontenttype: 'application/json',
  data: open.kind === 'drop' ? lossData(open.subject, open.loss) : eventsData(open),
})

const lossData = (tenant: string, loss: Loss): object => ({
  tenant,
  records: loss.records,
  bytes: loss.bytes,
  from: isoOrNull(loss.fromMs),
  to: isoOrNull(loss.toMs),
  reasons: loss.reasons,
  drops: loss.drops,
  firstDrop: { id: loss.firstDropId, at: iso(loss.firstAtMs) },
  lastDrop: { id: loss.lastDropId, at: iso(loss.lastAtMs) },
  ranges: loss.ranges.map(shownStretch),
  rangesOmitted: loss.rangesOmitted,
})

const shownStretch = ({ fromMs, toMs, ...stretch }: LostStretch): object => ({
  ...stretch,
  from: isoOrNull(fromMs),
  to: isoOrNull(toMs),
})

const eventsData = (open: Exclude<Open, { kind: 'drop' }>): object => ({
  tenants: open.subject,
  count: open.events.length + open.eventsOmitted,
  events: open.events,
  eventsOmitted: open.eventsOmitted,
})

/** Attributes of a CloudEvent have no control characters and no halves of pairs. `data` is exact. */
const attribute = (text: string): string => text.replace(/\p{Cc}/gu, '\uFFFD').toWellFormed()

const instantMsMax = 8.64e15
const iso = (ms: number): string => new Date(ms).toISOString()
/** Null for 0, which stands for no time, and for what no date can be: records carry what clients say. */
const isoOrNull = (ms: number): string | null => (ms > 0 && ms <= instantMsMax ? iso(ms) : null)
