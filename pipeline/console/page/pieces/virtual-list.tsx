/** A long list of which only what is seen is made: ten thousand rows cost what twenty do. */
import type { ComponentChildren } from 'preact'
import { useLayoutEffect, useRef, useState } from 'preact/hooks'

const overscan = 6

export const VirtualList = <Row,>({
  rows,
  total,
  rowHeight,
  height,
  label,
  keyOf,
  show,
  reached,
}: {
  readonly rows: readonly Row[]
  /** With those that were not fetched yet. */
  readonly total: number
  readonly rowHeight: number
  readonly height: number
  readonly label: string
  readonly keyOf: (row: Row) => string
  readonly show: (row: Row, index: number) => ComponentChildren
  /** The end of what was fetched comes into sight. */
  readonly reached: () => void
}) => {
  const box = useRef<HTMLUListElement>(null)
  const [top, setTop] = useState(0)
  const first = Math.max(0, Math.floor(top / rowHeight) - overscan)
  const last = Math.min(rows.length, Math.ceil((top + height) / rowHeight) + overscan)
  const isNearEnd = last >= rows.length && rows.length < total
  useLayoutEffect(() => {
    if (isNearEnd) reached()
  }, [isNearEnd, reached])
  return (
    <ul
      class="virtual"
      ref={box}
      aria-label={label}
      style={{ height: `${Math.min(height, Math.max(1, total) * rowHeight)}px` }}
      onScroll={() => setTop(box.current?.scrollTop ?? 0)}
    >
      <li class="virtual-space" aria-hidden="true" style={{ height: `${total * rowHeight}px` }} />
      {rows.slice(first, last).map((row, index) => (
        <li
          key={keyOf(row)}
          class="virtual-row"
          aria-setsize={total}
          aria-posinset={first + index + 1}
          style={{
            transform: `translateY(${(first + index) * rowHeight}px)`,
            height: `${rowHeight}px`,
          }}
        >
          {show(row, first + index)}
        </li>
      ))}
    </ul>
  )
}
