import { openSequence, type Sequence } from '../inspection/sequence.ts'
import { json } from './answer.ts'
import { queryOf, wholeNumber } from './query.ts'
import type { Route } from './route.ts'

/** `GET /api/v1/sequence[?after=]`: the last messages between the actors, while somebody asks. */
export const openSequenceRoute = (): { readonly route: Route; readonly close: () => void } => {
  /** Of one life of the pipeline. */
  let of: { readonly producer: string; readonly sequence: Sequence } | null = null
  const route: Route = ({ observed, search, nowMs }) => {
    const query = queryOf<{ after: number }>(search, {
      after: wholeNumber({ min: 0, max: 9_999_999_999 }),
    })
    if (query.kind === 'refused') return query.answer
    const { producer } = observed
    if (of?.producer !== producer) {
      of?.sequence.close()
      of = { producer, sequence: openSequence(observed) }
    }
    const { steps, skipped } = of.sequence.after(query.values.after ?? 0)
    return json({ at: new Date(nowMs).toISOString(), producer, skipped, steps })
  }
  return { route, close: () => of?.sequence.close() }
}
