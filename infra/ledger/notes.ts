/**
 * Notes in the journal what was accepted and has not ended, so that it is known of even if its file goes
 * while nothing runs. What ends soon is in the journal by its mark, and costs nothing here.
 */
import type { Extent, Held } from '../../schemas/messages.ts'
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
/** Noted at a time; the rest waits for the next time, so that many streams do not fill the journal. */
const extentsMax = 500

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
  const grown: Grown = new Map()
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
  const take = (): readonly Extent[] => {
    const taken: Extent[] = []
    for (const [segment, streams] of grown) {
      grown.delete(segment)
      if (!segments.isSteady(segment)) continue
      for (const [key, extent] of streams) {
        if (taken.length === extentsMax) break
        taken.push(extent)
        streams.delete(key)
      }
      // Behind the others, so that a segment which goes on growing keeps none waiting.
      if (streams.size > 0) grown.set(segment, streams)
      if (taken.length === extentsMax) break
    }
    return taken
  }

  return {
    accepted: (held) => {
      waiting.push(...held)
      if (waiting.length >= waitingMax) gather()
    },
    write: async (isRoom) => {
      if (waiting.length > 0) gather()
      if (grown.size === 0 || !isRoom()) return
      await turnstile.through(async () => {
        const extents = take()
        try {
          if (extents.length > 0) await journal.append([{ type: 'segments.grown', extents }])
        } catch (cause) {
          for (const extent of extents) extend(grown, extent)
          throw cause
        }
      })
    },
  }
}
