/**
 * The account as the topics tell it: what was announced, and what has ended. Each batch counts once,
 * however often it is announced, and ends once, by the first end that the topic has, however often it
 * ended. The four sums are counted apart, so that `unaccounted` can be other than 0.
 */
import type { InstantMs } from '../../schemas/brand.ts'
import type { Batch, Drop, Held, Mark } from '../../schemas/messages.ts'
import { recordsIn } from '../../schemas/range-set.ts'
import type { AccountBook } from '../book/account-book.ts'
import type { Placed } from '../kafka/kafka.ts'
import { type OffsetSet, openOffsetSet } from '../kafka/offset-set.ts'
import type { Address } from '../kafka/shard-log.ts'
import { type Account, openAccount } from './account.ts'
import { type Checkpoint, type ClosedPrefix, openClosedPrefix } from './closed-prefix.ts'
import { isAsked } from './drop-store.ts'
import type { DropPage, DropQuery, Ledger } from './ledger.ts'

export type TopicAccount = {
  readonly ledger: Pick<Ledger, 'totals' | 'streams' | 'services' | 'producers' | 'drops'>
  readonly announced: (held: readonly Held[], from: Placed) => void
  readonly ended: (
    fact: { readonly marks: readonly Mark[]; readonly drops: readonly Drop[] },
    from: Placed & { readonly atMs: InstantMs },
  ) => void
  /** A drop event by itself: for the list of them. The account has it from the end that it belongs to. */
  readonly dropped: (drop: Drop) => 'new' | 'known'
  /** Goes on from what a shard came to before. To be called before anything of the shard is told. */
  readonly restore: (shard: number, checkpoint: Checkpoint) => void
  readonly checkpoint: (shard: number) => Checkpoint
  /** Announced, and not ended. */
  readonly pending: () => Iterable<Held>
  /** Ends of batches that nobody has announced: for a moment that is so of some. */
  readonly unannounced: () => number
}

/** Drop events in memory, the newest. Older ones are in the topic `drops`. */
const dropsMax = 100_000
const pageDropsMax = 1_000
const pageDropsDefault = 100
const rowsMax = 10_000

/** @param given.book is told what the account is told, once `isKept` says so. */
export const openTopicAccount = (given: {
  readonly book: AccountBook
  readonly isKept: () => boolean
}): TopicAccount => {
  const { book, isKept } = given
  const producers = new Set<string>()
  const account: Account = openAccount()
  const pending = new Map<number, Map<number, Held>>()
  const over = new Map<number, OffsetSet>()
  const early = new Map<string, Early>()
  const drops: Drop[] = []

  const overIn = (partition: number): OffsetSet => {
    const known = over.get(partition) ?? openOffsetSet()
    over.set(partition, known)
    return known
  }
  const pendingIn = (partition: number): Map<number, Held> => {
    const known = pending.get(partition) ?? new Map<number, Held>()
    pending.set(partition, known)
    return known
  }
  const prefixes = new Map<number, ClosedPrefix>()
  const prefixOf = (shard: number): ClosedPrefix => {
    const known = prefixes.get(shard) ?? openClosedPrefix(nothing)
    prefixes.set(shard, known)
    return known
  }
  const end = (mark: Mark, lost: readonly Drop[], from: End): void => {
    const { segment: partition, offset } = mark.at
    const held = pendingIn(partition).get(offset)
    if (held === undefined) {
      if (overIn(partition).has(offset)) return
      note(early, { mark, lost, from })
      prefixOf(from.partition).early(mark, from.offset)
      return
    }
    pendingIn(partition).delete(offset)
    overIn(partition).add(offset)
    account.add(held.batch, {
      delivered: mark.delivered,
      dropped: mark.dropped,
      pending: -recordsIn(held.batch),
      retired: recordsIn(held.batch),
    })
    prefixOf(from.partition).ended(mark, from.offset)
    if (!isKept()) return
    const drops = lost.filter((drop) => isOf(drop, held.batch))
    // The book has the events of an eviction as they are: each may be of many batches.
    const isEvicted = mark.dropped > 0 && drops.every(isEviction)
    if (!isEvicted) book.ended([{ batch: held.batch, delivered: mark.delivered, drops }], from.atMs)
  }
  return {
    ledger: {
      totals: account.totals,
      streams: account.streams,
      services: account.services,
      producers: () => [...producers],
      drops: async (query) => pageOf(drops, query),
    },
    announced: (held, from) => {
      const fresh = held.filter(({ at: { segment: partition, offset } }) => {
        return !(overIn(partition).has(offset) || pendingIn(partition).has(offset))
      })
      prefixOf(from.partition).announced(fresh, from.offset)
      for (const it of fresh) {
        pendingIn(it.at.segment).set(it.at.offset, it)
        const records = recordsIn(it.batch)
        account.add(it.batch, { accepted: records, pending: records })
        producers.add(it.batch.producer)
        if (isKept()) book.accepted([it])
        const ended = early.get(keyOf(it.at))
        if (ended === undefined) continue
        early.delete(keyOf(it.at))
        end(ended.mark, ended.lost, ended.from)
      }
      prefixOf(from.partition).readTo('appended', from.offset)
      account.fold({ rowsMax, current: new Set() })
    },
    ended: ({ marks, drops: lost }, from) => {
      for (const mark of marks) end(mark, lost, from)
      const evicted = lost.filter(isEviction)
      if (isKept() && evicted.length > 0) book.dropped(evicted)
      prefixOf(from.partition).readTo('settlements', from.offset)
    },
    dropped: (drop) => {
      const state = insert(drops, drop)
      if (drops.length > dropsMax * 1.1) drops.splice(0, drops.length - dropsMax)
      return state
    },
    restore: (shard, checkpoint) => {
      prefixes.set(shard, openClosedPrefix(checkpoint))
      for (const {
        retired,
        delivered,
        dropped,
        live: _,
        refused: __,
        ...stream
      } of checkpoint.rows)
        account.add(stream, { accepted: retired, retired, delivered, dropped })
    },
    checkpoint: (shard) => prefixOf(shard).checkpoint(),
    pending: function* () {
      for (const of of pending.values()) yield* of.values()
    },
    unannounced: () => early.size,
  }
}

/** More are forgotten, oldest first; their batches would stay pending, which shows. */
const earlyMax = 100_000

type End = Placed & { readonly atMs: InstantMs }
type Early = { readonly mark: Mark; readonly lost: readonly Drop[]; readonly from: End }

/** A shard of which nothing is known yet. */
export const nothing: Checkpoint = { appendedTo: 0, settlementsTo: 0, rows: [] }

const isEviction = ({ reason }: Drop): boolean => reason === 'cache_overwritten'

const isOf = (drop: Drop, { producer, tenant, service, firstSeq, lastSeq }: Batch): boolean =>
  drop.producer === producer &&
  drop.tenant === tenant &&
  drop.service === service &&
  drop.firstSeq <= lastSeq &&
  drop.lastSeq >= firstSeq

/** The first end counts. */
const note = (early: Map<string, Early>, end: Early): void => {
  const key = keyOf(end.mark.at)
  if (early.has(key)) return
  early.set(key, end)
  const [oldest] = early.keys()
  if (oldest !== undefined && early.size > earlyMax) early.delete(oldest)
}

const keyOf = ({ segment: partition, offset }: Address): string => `${partition}:${offset}`

/** They come nearly in order of their ids. A transaction that was written twice is not told twice. */
const insert = (drops: Drop[], drop: Drop): 'new' | 'known' => {
  let place = drops.length
  while (place > 0 && (drops[place - 1]?.id ?? '') > drop.id) place -= 1
  if (drops[place - 1]?.id === drop.id) return 'known'
  drops.splice(place, 0, drop)
  return 'new'
}

const pageOf = (drops: readonly Drop[], query: DropQuery): DropPage => {
  const { limit = pageDropsDefault, cursor = '' } = query
  const isNewestFirst = query.order === 'newest'
  const isBehind = ({ id }: Drop): boolean =>
    isNewestFirst ? cursor === '' || id < cursor : id > cursor
  const count = Math.min(Math.max(1, limit), pageDropsMax)
  const inOrder = isNewestFirst ? drops.toReversed() : drops
  const asked = inOrder.filter((drop) => isBehind(drop) && isAsked(drop, query))
  const page = asked.slice(0, count)
  return { drops: page, cursor: asked.length > count ? (page.at(-1)?.id ?? null) : null }
}
