/**
 * Virtual time, in microseconds. It moves only when nothing else can run: whoever drives it lets all
 * that one event has caused run to its end before the next one is called.
 */
export type Timeline = {
  readonly nowUs: () => number
  /** Calls back once, so much later; the answer calls it off. Events of one instant keep their order. */
  readonly after: (delayUs: number, callback: () => void) => () => void
  /** Calls the next event, if there is one. */
  readonly step: () => 'stepped' | 'empty'
  /** Events so far. */
  readonly steps: () => number
}

type Event = { readonly atUs: number; readonly order: number; callback: (() => void) | null }

export const second = 1_000_000
export const millisecond = 1_000

export const openTimeline = (): Timeline => {
  const heap: Event[] = []
  let nowUs = 0
  let order = 0
  let steps = 0
  return {
    nowUs: () => nowUs,
    after: (delayUs, callback) => {
      order += 1
      const event: Event = { atUs: nowUs + Math.max(0, Math.round(delayUs)), order, callback }
      push(heap, event)
      return () => {
        event.callback = null
      }
    },
    step: () => {
      for (let event = pop(heap); event !== undefined; event = pop(heap)) {
        if (event.callback === null) continue
        nowUs = event.atUs
        steps += 1
        event.callback()
        return 'stepped'
      }
      return 'empty'
    },
    steps: () => steps,
  }
}

const isBefore = (one: Event, other: Event): boolean =>
  one.atUs < other.atUs || (one.atUs === other.atUs && one.order < other.order)

/** A binary heap: the children of `index` are at `2 × index + 1` and behind it. */
const push = (heap: Event[], event: Event): void => {
  let index = heap.length
  heap.push(event)
  while (index > 0) {
    const above = (index - 1) >>> 1
    const parent = heap[above]
    if (parent === undefined || !isBefore(event, parent)) break
    heap[index] = parent
    index = above
  }
  heap[index] = event
}

const pop = (heap: Event[]): Event | undefined => {
  const [first] = heap
  const last = heap.pop()
  if (first === undefined || last === undefined || heap.length === 0) return first
  let index = 0
  for (;;) {
    const left = 2 * index + 1
    const [one, other] = [heap[left], heap[left + 1]]
    if (one === undefined) break
    const [least, at] =
      other !== undefined && isBefore(other, one) ? [other, left + 1] : [one, left]
    if (!isBefore(least, last)) break
    heap[index] = least
    index = at
  }
  heap[index] = last
  return first
}
