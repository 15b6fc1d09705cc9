/**
 * Drop events, kept for good: the newest in memory, the older ones in the archive. The journal holds
 * them until a checkpoint has put them there.
 */
import type { Drop } from '../../schemas/messages.ts'
import type { DropArchive } from './drop-archive.ts'
import { leastDropId } from './drop-id.ts'
import type { DropPage, DropQuery } from './ledger.ts'

export type DropStore = {
  /** Takes in what the journal has made durable. */
  readonly add: (drops: readonly Drop[]) => void
  readonly query: (query: DropQuery) => Promise<DropPage>
  /** Moves what the archive does not have yet into it, durably. */
  readonly archive: () => Promise<void>
  readonly close: () => Promise<void>
}

const pageDropsMax = 1_000
const pageDropsDefault = 100
/** Drop events looked at for one page, so that no query reads a whole archive in one go. */
const scanDropsMax = 20_000
/** How far over its bound the memory may be before it is cut, so that it is not cut at every drop. */
const slackShare = 0.1

export const openDropStore = ({
  archive,
  archived,
  unarchived,
  recentMax,
}: {
  readonly archive: DropArchive
  /** The newest of the archive. */
  readonly archived: readonly Drop[]
  readonly unarchived: readonly Drop[]
  /** Drop events in memory at most, but for those that only the journal has. */
  readonly recentMax: number
}): DropStore => {
  const recent: Drop[] = [...archived, ...unarchived].sort((a, b) => (a.id < b.id ? -1 : 1))
  let unarchivedCount = unarchived.length

  const trim = (): void => {
    if (recent.length <= recentMax * (1 + slackShare)) return
    const excess = Math.min(recent.length - recentMax, recent.length - unarchivedCount)
    if (excess > 0) recent.splice(0, excess)
  }
  const isInMemory = (after: string): boolean => {
    const last = archive.lastId()
    const first = recent[0]
    if (last === null || after >= last) return true
    return first !== undefined && (first.id <= after || first.id === archive.firstId())
  }
  /** What is older may leave the memory while the reader is busy: each step looks anew. */
  const behind = async function* (after: string): AsyncGenerator<Drop> {
    for (let last = after; ; ) {
      if (isInMemory(last)) {
        const drop = recent[indexBehind(recent, last)]
        if (drop === undefined) return
        last = drop.id
        yield drop
      } else {
        for await (const drop of archive.read(last)) {
          last = drop.id
          yield drop
        }
      }
    }
  }
  /** The newest first. What leaves the memory meanwhile is in the archive. */
  const ahead = async function* (before: string): AsyncGenerator<Drop> {
    for (let first = before; ; ) {
      const drop = recent[indexBefore(recent, first)]
      const older = drop === undefined ? (await archive.readBefore(first)).toReversed() : [drop]
      if (older.length === 0) return
      for (const it of older) {
        first = it.id
        yield it
      }
    }
  }

  return {
    add: (drops) => {
      for (const drop of drops) {
        if ((recent.at(-1)?.id ?? '') < drop.id) recent.push(drop)
        else recent.splice(indexBehind(recent, drop.id), 0, drop)
      }
      unarchivedCount += drops.length
      trim()
    },
    query: async (query) => {
      const { limit = pageDropsDefault, cursor = '' } = query
      // An id may be of a later moment than its event, where the clock was set back; never of an earlier one.
      const since = leastDropId(query.sinceMs ?? 0)
      const drops: Drop[] = []
      const count = Math.min(Math.max(1, limit), pageDropsMax)
      let looked = 0
      let last = cursor
      const found =
        query.order === 'newest'
          ? ahead(cursor === '' ? behindAll : cursor)
          : behind(cursor === '' || cursor < since ? since : cursor)
      for await (const drop of found) {
        if (drop.id < since) break
        if (drops.length === count || looked === scanDropsMax) return { drops, cursor: last }
        looked += 1
        last = drop.id
        if (isAsked(drop, query)) drops.push(drop)
      }
      return { drops, cursor: null }
    },
    archive: async () => {
      const count = unarchivedCount
      if (count === 0) return
      await archive.append(recent.slice(-count))
      unarchivedCount -= count
      trim()
    },
    close: archive.close,
  }
}

/** Ids are digits and letters. */
const behindAll = '~'

export const isAsked = (drop: Drop, { tenant, reason, sinceMs, untilMs }: DropQuery): boolean =>
  (tenant === undefined || drop.tenant === tenant) &&
  (reason === undefined || drop.reason === reason) &&
  (sinceMs === undefined || drop.atMs >= sinceMs) &&
  (untilMs === undefined || drop.atMs < untilMs)

/** Where the last with a smaller id is; -1: there is none. */
const indexBefore = (drops: readonly Drop[], id: string): number => {
  let [low, high] = [0, drops.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((drops[middle]?.id ?? '') < id) low = middle + 1
    else high = middle
  }
  return low - 1
}

/** Where the first with a greater id is. */
const indexBehind = (drops: readonly Drop[], id: string): number => {
  let [low, high] = [0, drops.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((drops[middle]?.id ?? '') <= id) low = middle + 1
    else high = middle
  }
  return low
}
