/**
 * Notes in the journal what was accepted and has not ended, so that it is known of even if its file goes
 * while nothing runs. What ends soon is in the journal by its mark, and costs nothing here.
 */
import type { Extent, Held, SegmentsGrown } from '../../schemas/messages.ts'
import type { Journal } from '../journal/journal.ts'
import { extend, type Grown } from './grown.ts'
import type { SegmentBook } from './segment-book.ts'
import type { Turnstile } from './turnstile.ts'

export type Notes = {
  readonly accepted: (held: readonly Held[]) => void
  /** See `Ledger.note`. */
  readonly write: (isRoom: () => boolean) => Promise<void>
}

/** Batches that wait to be looked at; more are looked at at once. */
const waitingMax = 4_096
/** Extents in one frame of the journal. */
const extentsMax = 5_000

export const openNotes = ({
  journal,
  segments,
  turnstile,
  begin,
}: {
  readonly journal: Pick<Journal, 'append'>
  readonly segments: Pick<SegmentBook, 'isSteady' | 'hasEnded'>
  readonly turnstile: Pick<Turnstile, 'through'>
  /** What was found at the start: the journal may not know of its end. */
  readonly begin: readonly Extent[]
}): Notes => {
  let waiting: Held[] = []
  let grown: Grown = new Map()
  for (const extent of begin) extend(grown, extent)

  const gather = (): void => {
    for (const { at, batch } of waiting) {
      if (segments.hasEnded(at)) continue
      const { producer, tenant, service, firstSeq, lastSeq } = batch
      extend(grown, { segment: at.segment, producer, tenant, service, firstSeq, lastSeq })
    }
    waiting = []
  }
  /** Of a segment that goes, nothing may be said behind the word that it is gone. */
  const due = (): readonly Extent[] =>
    [...grown]
      .filter(([segment]) => segments.isSteady(segment))
      .flatMap(([, streams]) => [...streams.values()])
  const factsOf = (extents: readonly Extent[]): readonly SegmentsGrown[] =>
    Array.from({ length: Math.ceil(extents.length / extentsMax) }, (_, index) => ({
      type: 'segments.grown',
      extents: extents.slice(index * extentsMax, (index + 1) * extentsMax),
    }))

  return {
    accepted: (held) => {
      waiting.push(...held)
      if (waiting.length >= waitingMax) gather()
    },
    write: async (isRoom) => {
      if (waiting.length > 0) gather()
      if (grown.size === 0 || !isRoom()) return
      await turnstile.through(async () => {
        const facts = factsOf(due())
        const taken = grown
        grown = new Map()
        try {
          if (facts.length > 0) await journal.append(facts)
        } catch (cause) {
          for (const streams of taken.values())
            for (const extent of streams.values()) extend(grown, extent)
          throw cause
        }
      })
    },
  }
}
