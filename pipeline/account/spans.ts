import type { Window } from './window.ts'

/** Stretches of a window, joined where a picture would show no space between them. */
export type Spans = {
  /** Takes the part that lies in the window. */
  readonly add: (span: Window) => void
  /** In order, apart. */
  readonly list: () => readonly Window[]
}

/** So many cells hold at most half as many stretches. */
const cellCount = 400

export const openSpans = ({ fromMs, toMs }: Window): Spans => {
  const cells = new Map<number, Window>()
  const cellMs = Math.max(1, (toMs - fromMs + 1) / cellCount)
  const cellOf = (ms: number): number => Math.floor((ms - fromMs) / cellMs)
  return {
    add: (span) => {
      const [first, last] = [Math.max(span.fromMs, fromMs), Math.min(span.toMs, toMs)]
      for (let cell = cellOf(first); cell <= cellOf(last); cell += 1) {
        const from = Math.max(first, fromMs + cell * cellMs)
        const to = Math.min(last, fromMs + (cell + 1) * cellMs)
        const known = cells.get(cell) ?? { fromMs: from, toMs: to }
        cells.set(cell, {
          fromMs: Math.min(known.fromMs, from),
          toMs: Math.max(known.toMs, to),
        })
      }
    },
    list: () => {
      const spans: Window[] = []
      for (const [, span] of [...cells].sort(([a], [b]) => a - b)) {
        const last = spans.at(-1)
        if (last !== undefined && span.fromMs - last.toMs < cellMs)
          spans[spans.length - 1] = { ...last, toMs: Math.max(last.toMs, span.toMs) }
        else spans.push(span)
      }
      return spans.map((span) => ({
        fromMs: Math.floor(span.fromMs),
        toMs: Math.ceil(span.toMs),
      }))
    },
  }
}
