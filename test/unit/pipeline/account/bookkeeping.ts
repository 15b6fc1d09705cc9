import type { LateService } from '../../../../infra/book/book-request.ts'
import type { StreamAccount } from '../../../../infra/ledger/ledger.ts'
import type { Observed } from '../../../../pipeline/observed.ts'
import { batchId, instant, seq } from '../../../../schemas/brand.ts'
import type { Drop, Held } from '../../../../schemas/messages.ts'
import { handMade } from '../hand-made.ts'

/** `acme/web` of one producer, unless told otherwise. */
const stream = { tenant: 'acme', service: 'web', producer: 'edge-1-x' }
type Span = { readonly from: number; readonly to: number }

export const heldBatch = ({ from, to }: Span, change: Partial<Held['batch']> = {}): Held => {
  const coordinates = { ...stream, ...change, firstSeq: seq(from), lastSeq: seq(to) }
  return {
    batch: {
      ...coordinates,
      id: batchId(coordinates),
      bytes: 100,
      priority: 'normal',
      fromMs: instant(0),
      toMs: instant(0),
      acceptedAtMs: instant(1_000),
      ...change,
    },
    at: { segment: 1, offset: 64 + from },
  }
}

export const dropped = ({ from, to }: Span, change: Partial<Drop> = {}): Drop => ({
  id: `${String(from).padStart(9, '0')}-0000`,
  atMs: instant(5_000),
  ...stream,
  firstSeq: seq(from),
  lastSeq: seq(to),
  records: to - from + 1,
  bytes: 10,
  reason: 'cache_overwritten',
  detail: 'the cache was full',
  fromMs: instant(0),
  toMs: instant(0),
  ...change,
})

export const row = (change: Partial<StreamAccount>): StreamAccount => ({
  ...{ ...stream, accepted: 0, delivered: 0, dropped: 0, pending: 0, unaccounted: 0 },
  ...change,
})

/** A pipeline that has these books, and two drop events a page. */
export const observedWith = (books: {
  readonly rows?: readonly StreamAccount[]
  readonly held?: readonly Held[]
  readonly drops?: readonly Drop[]
  readonly doubts?: readonly string[]
  readonly late?: readonly LateService[]
}): Observed => {
  const { rows = [], held = [], drops = [], doubts = [], late = [] } = books
  const { observed } = handMade()
  return {
    ...observed,
    doubts: () => doubts,
    book: { ...observed.book, ask: async () => ({ type: 'late', late }) },
    held: async function* () {
      yield* held
    },
    ledger: {
      ...observed.ledger,
      streams: (tenant) => rows.filter((it) => tenant === undefined || it.tenant === tenant),
      drops: async ({ tenant, cursor = '' }) => {
        const asked = drops.filter(
          (drop) => drop.id > cursor && (tenant === undefined || drop.tenant === tenant),
        )
        const page = asked.slice(0, 2)
        return { drops: page, cursor: asked.length > 2 ? (page.at(-1)?.id ?? null) : null }
      },
    },
  }
}
