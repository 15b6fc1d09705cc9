import { styleText } from 'node:util'

/** A table for people: columns aligned, numbers to the right. Without rows, nothing but its head. */
export type Column<Row> = {
  readonly head: string
  readonly cell: (row: Row) => string | number
  /** How a cell is set off where there are colours. */
  readonly style?: (row: Row) => Style | null
}
export type Style = 'red' | 'green' | 'yellow' | 'bold' | 'dim'

export const table = <Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string => {
  const cells = rows.map((row) => columns.map(({ cell }) => shown(cell(row))))
  const widths = columns.map(({ head }, index) =>
    Math.max(head.length, ...cells.map((line) => line[index]?.text.length ?? 0)),
  )
  const head = columns.map(({ head: text }, index) => {
    const right = cells.length > 0 && cells.every((line) => line[index]?.side === 'right')
    return painted('bold', aligned({ text, side: right ? 'right' : 'left' }, widths[index] ?? 0))
  })
  const body = cells.map((line, rowIndex) =>
    line.map((cell, index) => {
      const row = rows[rowIndex]
      const style = row === undefined ? null : (columns[index]?.style?.(row) ?? null)
      const text = aligned(cell, widths[index] ?? 0)
      return style === null ? text : painted(style, text)
    }),
  )
  return [head, ...body].map((line) => `${line.join('  ').trimEnd()}\n`).join('')
}

type Cell = { readonly text: string; readonly side: 'left' | 'right' }
const shown = (value: string | number): Cell =>
  typeof value === 'number'
    ? { text: thousands(value), side: 'right' }
    : { text: printable(value), side: 'left' }
const aligned = ({ text, side }: Cell, width: number): string =>
  side === 'right' ? text.padStart(width) : text.padEnd(width)

/** `1,234,567` */
export const thousands = (value: number): string => value.toLocaleString('en-US')

/** Names come from clients: one with escape sequences in it must not reach the terminal as such. */
export const printable = (text: string): string => text.replace(/\p{Cc}/gu, '\uFFFD')

/** In colour on a terminal that wants it (NO_COLOR), plain everywhere else. */
export const painted = (style: Style, text: string): string =>
  styleText(style, text, { stream: process.stdout })
