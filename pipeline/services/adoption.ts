/**
 * Takes what collectors announce into a cache, piece by piece, each when the one before has been taken.
 * What is announced is in the record log and its clients know it, so it can only be put off: while the
 * cache has no room it waits here, and the cache says to the collectors that it is full.
 */
import type { AppendRequested, Held } from '../../schemas/messages.ts'
import type { Arrival } from '../causes.ts'

export type Adoption = {
  readonly add: (held: readonly Held[], from: Announcement) => void
  /** The cache has taken what it was offered last. */
  readonly taken: () => void
  /** It has no room. */
  readonly refused: () => void
  /** Offers again what was refused. */
  readonly retry: () => void
  /** Batches that wait. */
  readonly depth: () => number
  /** The last announcement of which everything was taken, and everything of those before it. */
  readonly takenTo: () => Announcement
}

/** Where an announcement lies, and as which message it came. */
export type Announcement = Arrival & { readonly offset: number }

export const openAdoption = (given: {
  /** What was announced up to here was taken before. */
  readonly takenTo: Announcement
  /** Of what is offered at once: little enough to fit into a cache by letting go of a little. */
  readonly bytesMax: number
  readonly offer: (append: AppendRequested, from: Announcement) => void
  /** These have their place now, with their addresses. */
  readonly placed: (held: readonly Held[]) => void
}): Adoption => {
  const waiting: Held[] = []
  let offered = 0
  let state: 'idle' | 'offered' | 'refused' = 'idle'
  let appendId = 0
  let { takenTo } = given
  /** Announcements of which some batches wait, oldest first. */
  const announcements: { readonly from: Announcement; left: number }[] = []

  const settle = (batches: number): void => {
    let rest = batches
    for (;;) {
      const [oldest] = announcements
      if (oldest === undefined) return
      const taken = Math.min(rest, oldest.left)
      oldest.left -= taken
      rest -= taken
      if (oldest.left > 0) return
      takenTo = oldest.from
      announcements.shift()
    }
  }

  const next = (): void => {
    if (state !== 'idle' || waiting.length === 0) return
    let bytes = 0
    offered = 0
    for (const { batch } of waiting) {
      bytes += batch.bytes
      if (offered > 0 && (bytes > given.bytesMax || offered >= batchesMax)) break
      offered += 1
    }
    state = 'offered'
    appendId += 1
    const batches = waiting.slice(0, offered).map(({ batch }) => batch)
    const from = announcements.find(({ left }) => left > 0)?.from ?? takenTo
    given.offer({ type: 'append.requested', appendId, batches }, from)
  }

  return {
    add: (held, from) => {
      waiting.push(...held)
      announcements.push({ from, left: held.length })
      settle(0)
      next()
    },
    taken: () => {
      if (state !== 'offered') return
      const placed = waiting.splice(0, offered)
      state = 'idle'
      settle(placed.length)
      given.placed(placed)
      next()
    },
    refused: () => {
      if (state === 'offered') state = 'refused'
    },
    retry: () => {
      if (state !== 'refused') return
      state = 'idle'
      next()
    },
    depth: () => waiting.length,
    takenTo: () => takenTo,
  }
}

const batchesMax = 512
