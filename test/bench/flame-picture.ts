/** A flame graph as one SVG: what called what from the bottom up, as wide as the time that it took. */
import type { Frame } from './profile.ts'

const width = 1_200
const rowHeight = 16
/** Narrower than this is left out: nobody could read or hit it. */
const widthMin = 1.2
const charWidth = 6.3
const rowsMax = 48

type Cell = {
  readonly frame: Frame
  readonly x: number
  readonly row: number
  readonly wide: number
}

export const flamePicture = (root: Frame): string => {
  const busy = root.children.filter(({ name }) => name !== '(idle)')
  const totalUs = busy.reduce((sum, it) => sum + it.totalUs, 0)
  const cells = [...cellsOf(busy, { x: 0, row: 0, scale: width / totalUs })]
  const rows = Math.max(...cells.map(({ row }) => row)) + 1
  const height = rows * rowHeight
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="monospace" font-size="10.5" role="img" aria-label="Flame graph of the main thread">
<style>rect{stroke:#fff;stroke-width:.4}text{fill:#17202b;pointer-events:none}</style>
${cells.map((cell) => drawn(cell, { height, totalUs })).join('\n')}
</svg>
`
}

function* cellsOf(
  frames: readonly Frame[],
  at: { readonly x: number; readonly row: number; readonly scale: number },
): Generator<Cell> {
  if (at.row >= rowsMax) return
  let { x } = at
  for (const frame of joined(frames)) {
    const wide = frame.totalUs * at.scale
    if (wide >= widthMin) {
      yield { frame, x, row: at.row, wide }
      yield* cellsOf(frame.children, { ...at, x, row: at.row + 1 })
    }
    x += wide
  }
}

/** Calls of one function from one place are one cell, the widest first. */
const joined = (frames: readonly Frame[]): readonly Frame[] =>
  [...Map.groupBy(frames, ({ name, url }) => `${name} ${url}`).values()]
    .map((same) => ({
      name: same[0]?.name ?? '',
      url: same[0]?.url ?? '',
      totalUs: same.reduce((sum, { totalUs }) => sum + totalUs, 0),
      selfUs: same.reduce((sum, { selfUs }) => sum + selfUs, 0),
      children: same.flatMap(({ children }) => children),
    }))
    .sort((a, b) => b.totalUs - a.totalUs)

const drawn = (
  { frame: { name, url, totalUs }, x, row, wide }: Cell,
  whole: { readonly height: number; readonly totalUs: number },
): string => {
  const y = whole.height - (row + 1) * rowHeight
  const share = ((totalUs / whole.totalUs) * 100).toFixed(1)
  const place = placeOf(url)
  const chars = Math.floor((wide - 4) / charWidth)
  const label =
    chars < 3 ? '' : escaped(name.length > chars ? `${name.slice(0, chars - 1)}…` : name)
  const text = label === '' ? '' : `<text x="${(x + 2).toFixed(1)}" y="${y + 12}">${label}</text>`
  return `<g><title>${escaped(`${name} ${place}: ${share} %`)}</title><rect x="${x.toFixed(1)}" y="${y}" width="${wide.toFixed(1)}" height="${rowHeight}" fill="${colourOf(place)}"/>${text}</g>`
}

const placeOf = (url: string): string =>
  url.includes('/node_modules/')
    ? url.replace(/^.*\/(?=node_modules\/)/, '')
    : url.replace(/^.*\/(?=dist\/)/, '')

/** By whose code it is: ours, a library's, Node's, or V8's. */
const colourOf = (place: string): string => {
  if (place.startsWith('dist/')) return '#9cc3f5'
  if (place.startsWith('node_modules/')) return '#f3c98b'
  return place === '' ? '#d9dde3' : '#b9dfc0'
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
