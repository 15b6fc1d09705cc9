/**
 * Time without a calendar. Each actor reads every instant as so far from now: a message finds it at 0,
 * a deadline at the instant for which it was set, and afterwards what the actor knows, and what it
 * says, is moved back by as much. So there is a last state, however long a run. No two actors share a
 * clock then, which allows more than can happen: each may be as far ahead of the others as it likes.
 * An instant that has passed is 0, however long ago; the hops of redirects, of which the age counts,
 * are as old as `hopTtlMs` at most.
 */
const instants = new Set([
  'dueMs',
  'sweepAtMs',
  'retryAtMs',
  'askedUntilMs',
  'untilMs',
  'leaseUntilMs',
  'deadlineMs',
  'nowMs',
  'atMs',
])

export const movedBack = <Value>(
  value: Value,
  { byMs, hopTtlMs }: { readonly byMs: number; readonly hopTtlMs: number },
): Value => {
  if (byMs === 0) return value
  const moved = (it: unknown): unknown => {
    if (Array.isArray(it)) return it.map(moved)
    if (typeof it !== 'object' || it === null) return it
    // A hop is an URL and an instant, and nothing more.
    const oldestMs = 'url' in it && !('by' in it) ? -hopTtlMs : 0
    return Object.fromEntries(
      Object.entries(it).map(([key, inner]) => {
        if (typeof inner !== 'number' || !instants.has(key)) return [key, moved(inner)]
        return [key, Math.max(key === 'atMs' ? oldestMs : 0, inner - byMs)]
      }),
    )
  }
  return moved(value) as Value
}
