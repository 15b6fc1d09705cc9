/** What is on the screen, besides its size: one value, changed by samples and by keys. */
import type { Sample } from './sample.ts'
import { orderDefault, type StreamColumn, type StreamOrder, streamColumns } from './stream-order.ts'
import type { Trend } from './trend.ts'

export type View = {
  readonly address: string
  readonly nowMs: number
  readonly seen: { readonly sample: Sample; readonly trend: Trend } | null
  /** Why nothing is heard of it, and since when. */
  readonly away: { readonly sinceMs: number; readonly why: string } | null
  readonly order: StreamOrder
  /** The first stream that is shown, counted from 0. */
  readonly first: number
  readonly mode: 'live' | 'frozen' | 'help'
  /** What streams are narrowed to; `typing`: it is being written. */
  readonly filter: { readonly text: string; readonly state: 'set' | 'typing' }
}

export const initialView = (address: string, nowMs: number): View => ({
  address,
  nowMs,
  seen: null,
  away: null,
  order: orderDefault,
  first: 0,
  mode: 'live',
  filter: { text: '', state: 'set' },
})

const pageRows = 10
const filterCharsMax = 60

/** What a key means; `quit` and `suspend` are for whoever owns the terminal. */
export const pressed = (view: View, key: string): View | 'quit' | 'suspend' => {
  if (key === '\u0003') return 'quit'
  if (key === '\u001a') return 'suspend'
  if (view.filter.state === 'typing') return typed(view, key)
  const moved = (first: number): View => ({ ...view, first: Math.max(0, first) })
  switch (key) {
    case 'q':
      return 'quit'
    case '?':
    case 'h':
      return { ...view, mode: view.mode === 'help' ? 'live' : 'help' }
    case ' ':
      return { ...view, mode: view.mode === 'live' ? 'frozen' : 'live' }
    case '/':
      return { ...view, filter: { ...view.filter, state: 'typing' } }
    case '\u001b':
      return { ...view, mode: 'live', first: 0, filter: { text: '', state: 'set' } }
    case 'r':
      return {
        ...view,
        order: { ...view.order, direction: view.order.direction === 'up' ? 'down' : 'up' },
      }
    case '\u001b[C':
      return sorted(view, 1)
    case '\u001b[D':
      return sorted(view, -1)
    case '\u001b[A':
    case 'k':
      return moved(view.first - 1)
    case '\u001b[B':
    case 'j':
      return moved(view.first + 1)
    case '\u001b[5~':
      return moved(view.first - pageRows)
    case '\u001b[6~':
      return moved(view.first + pageRows)
    case '\u001b[H':
    case '\u001b[1~':
    case 'g':
      return moved(0)
    case '\u001b[F':
    case '\u001b[4~':
    case 'G':
      return moved(Number.MAX_SAFE_INTEGER)
    default: {
      const column = columnKeys[key]
      return column === undefined ? view : chosen(view, column)
    }
  }
}

export const columnKeys: Readonly<Record<string, StreamColumn>> = {
  n: 'name',
  a: 'accepted',
  i: 'rate',
  p: 'pending',
  d: 'delivered',
  o: 'sent',
  x: 'dropped',
}

/** The same column again turns the order round. */
const chosen = (view: View, column: StreamColumn): View => {
  const { order } = view
  const first = column === 'name' ? 'up' : 'down'
  const direction = order.column !== column ? first : order.direction === 'up' ? 'down' : 'up'
  return { ...view, first: 0, order: { column, direction } }
}

const sorted = (view: View, step: 1 | -1): View => {
  const at = streamColumns.indexOf(view.order.column) + step
  const column = streamColumns[(at + streamColumns.length) % streamColumns.length]
  return column === undefined ? view : chosen(view, column)
}

const typed = (view: View, key: string): View => {
  const { text } = view.filter
  if (key === '\r' || key === '\n') return { ...view, filter: { text, state: 'set' } }
  if (key === '\u001b') return { ...view, first: 0, filter: { text: '', state: 'set' } }
  const isErased = key === '\u007f' || key === '\b'
  const isText = /^\P{Cc}+$/u.test(key)
  const next = isErased ? [...text].slice(0, -1).join('') : isText ? text + key : text
  return { ...view, first: 0, filter: { text: next.slice(0, filterCharsMax), state: 'typing' } }
}
