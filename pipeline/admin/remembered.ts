/**
 * Answers that cost something, kept for a moment: however many look at once, the pipeline pays for one
 * of them, and one is worked out at a time.
 */
export type Remembered = <Value>(key: string, compute: () => Promise<Value>) => Promise<Value>

/** Of different questions. The one that was asked first is forgotten first. */
const entriesMax = 32

type Entry = { readonly value: Promise<unknown>; untilMs: number }

export const openRemembered = ({
  forMs,
  now,
}: {
  /** How long an answer is good enough, from when it was there. */
  readonly forMs: number
  /** Of a clock that is never set. */
  readonly now: () => number
}): Remembered => {
  const entries = new Map<string, Entry>()
  let last: Promise<unknown> = Promise.resolve()
  return async <Value>(key: string, compute: () => Promise<Value>): Promise<Value> => {
    const known = entries.get(key)
    if (known !== undefined && known.untilMs > now()) return known.value as Promise<Value>
    // Whatever became of the one before, it is over.
    const value = last.then(compute, compute)
    last = value
    const entry: Entry = { value, untilMs: Number.POSITIVE_INFINITY }
    entries.delete(key)
    entries.set(key, entry)
    for (const oldest of entries.keys()) {
      if (entries.size <= entriesMax) break
      entries.delete(oldest)
    }
    try {
      return await value
    } catch (cause) {
      if (entries.get(key) === entry) entries.delete(key)
      throw cause
    } finally {
      entry.untilMs = now() + forMs
    }
  }
}
