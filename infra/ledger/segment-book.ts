/**
 * What the ledger knows of the segments of the record log: which live, which of their batches have
 * ended, and who is writing about them at this moment. Memory: one mark a batch that has ended in a
 * segment that lives.
 */
import type { Eviction, Mark, Position } from '../../schemas/messages.ts'
import { LedgerError } from './ledger-error.ts'

export type Live = {
  /** Batches that have not ended. */
  open: number
  /** The ends of the others, by offset. */
  readonly marks: Map<number, Mark>
  /** Offsets of batches whose end is being recorded; the promises settle when that is over. */
  readonly claims: Map<number, Promise<void>>
  /** Resolves when an eviction or a retirement that is under way is over, well or badly. */
  closing: Promise<void> | null
  /**
   * Its closing was rejected, but the journal may have it all the same: what is appended now might be
   * gone after a restart. A checkpoint, or a closing that succeeds, ends that.
   */
  doubt: 'none' | 'closing'
}

export type SegmentBook = {
  readonly live: (segment: number) => Live | undefined
  /** The segment, which may be new. @throws {LedgerError} `segment_closed` if nothing may be added. */
  readonly growing: (segment: number) => Live
  /** It lives, and nobody has begun to close it. */
  readonly isSteady: (segment: number) => boolean
  readonly hasEnded: (at: Position) => boolean
  /** Claims positions for recording their ends; answers how to let go of them. */
  readonly claim: (positions: readonly Position[]) => () => void
  /** What has to be over before the ends of these may be recorded. */
  readonly blockers: (positions: readonly Position[]) => readonly Promise<void>[]
  /** Runs what closes a segment, once recordings under way in it are over; none begins meanwhile. */
  readonly closing: <Result>(live: Live, work: () => Promise<Result>) => Promise<Result>
  readonly closed: (segment: number, eviction: Eviction | null) => void
  /** The eviction of a segment that is gone, `null` for a retired or forgotten one. */
  readonly evictionOf: (segment: number) => Eviction | null
  readonly removed: (segment: number) => void
  readonly checkpointed: () => void
  readonly marks: () => readonly Mark[]
  /** The newest segment that lives; 0 where none does. */
  readonly newestLive: () => number
  readonly living: () => readonly number[]
  /** Closed segments whose files may be there still, and the newest, so that no id is used twice. */
  readonly remembered: () => readonly number[]
}

export const openSegmentBook = ({
  segments,
  marks,
  newestClosed,
}: {
  readonly segments: Iterable<number>
  readonly marks: ReadonlyMap<number, ReadonlyMap<number, Mark>>
  readonly newestClosed: number | null
}): SegmentBook => {
  const lives = new Map<number, Live>()
  const gone = new Map<number, Eviction | null>()
  let newest = newestClosed

  const opened = (segment: number, ended?: ReadonlyMap<number, Mark>): Live => {
    const live: Live = {
      open: 0,
      marks: new Map(ended),
      claims: new Map(),
      closing: null,
      doubt: 'none',
    }
    lives.set(segment, live)
    return live
  }
  // Marks of a segment that is not there are kept: so its loss shows in the account.
  for (const segment of new Set([...segments, ...marks.keys()])) opened(segment, marks.get(segment))

  const hasEnded = ({ segment, offset }: Position): boolean =>
    lives.get(segment)?.marks.has(offset) !== false
  const isStable = (live: Live): boolean => live.closing === null && live.doubt === 'none'
  return {
    hasEnded,
    isSteady: (segment) => {
      const live = lives.get(segment)
      return live !== undefined && isStable(live)
    },
    live: (segment) => lives.get(segment),
    growing: (segment) => {
      const live = lives.get(segment)
      if (gone.has(segment) || (live !== undefined && !isStable(live))) {
        throw new LedgerError(
          'segment_closed',
          `A batch was appended to segment ${segment}, which is going or gone: it is not taken into ` +
            'the account, and the append has to be refused.',
        )
      }
      return live ?? opened(segment)
    },
    claim: (positions) => {
      const over = Promise.withResolvers<void>()
      const claims = positions.map(({ segment, offset }) => {
        const of = lives.get(segment)?.claims
        of?.set(offset, over.promise)
        return () => of?.delete(offset)
      })
      return () => {
        for (const release of claims) release()
        over.resolve()
      }
    },
    blockers: (positions) => [
      ...new Set(
        positions
          .filter((at) => !hasEnded(at))
          .flatMap(({ segment, offset }) => {
            const live = lives.get(segment)
            return [live?.closing, live?.claims.get(offset)].filter((it) => it != null)
          }),
      ),
    ],
    closing: async (live, work) => {
      const over = Promise.withResolvers<void>()
      live.closing = over.promise
      try {
        await Promise.all(live.claims.values())
        return await work()
      } catch (cause) {
        live.doubt = 'closing'
        throw cause
      } finally {
        live.closing = null
        over.resolve()
      }
    },
    closed: (segment, eviction) => {
      lives.delete(segment)
      gone.set(segment, eviction)
      newest = Math.max(newest ?? segment, segment)
    },
    evictionOf: (segment) => gone.get(segment) ?? null,
    removed: (segment) => gone.delete(segment),
    checkpointed: () => {
      for (const live of lives.values()) live.doubt = 'none'
    },
    marks: () => [...lives.values()].flatMap(({ marks: of }) => [...of.values()]),
    living: () => [...lives.keys()],
    newestLive: () => [...lives.keys()].reduce((newest, id) => Math.max(newest, id), 0),
    remembered: () => [...new Set([...gone.keys(), ...(newest === null ? [] : [newest])])],
  }
}
