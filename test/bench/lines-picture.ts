/** Growth as lines, one SVG: for each thing that grows, the cost of a record and the memory. */
import type { Growth, Point } from './growth-trials.ts'

const width = 760
const panelWidth = 330
const panelHeight = 150
const left = 48
const top = 44
const rowHeight = panelHeight + top + 44

type Figure = 'cpuSecondsPerMillion' | 'residentMegabytes'
const titles: Readonly<Record<Figure, string>> = {
  cpuSecondsPerMillion: 'CPU seconds per million records',
  residentMegabytes: 'resident memory, MB',
}

export const linesPicture = (growths: readonly Growth[]): string => {
  const height = growths.length * rowHeight
  const rows = growths.map((growth, row) =>
    (['cpuSecondsPerMillion', 'residentMegabytes'] as const)
      .map((figure, column) =>
        panel(growth, { figure, x: left + column * (panelWidth + 44), y: row * rowHeight + top }),
      )
      .join('\n'),
  )
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif" font-size="12" role="img" aria-label="What a record costs as other things grow">
<style>.page{fill:#fff}.line{fill:none;stroke:#2f5f9e;stroke-width:2}.dot{fill:#2f5f9e}.axis{stroke:#b9c6d6}text{fill:#17202b}.title{font-weight:600}
@media (prefers-color-scheme: dark){.page{fill:#10161d}.line{stroke:#6ea3e6}.dot{fill:#6ea3e6}.axis{stroke:#3c4b5d}text{fill:#dfe6ee}}</style>
<rect class="page" width="${width}" height="${height}"/>
${rows.join('\n')}
</svg>
`
}

const panel = (
  { name, title, points }: Growth,
  { figure, x, y }: { readonly figure: Figure; readonly x: number; readonly y: number },
): string => {
  // From 1 to 10,000 the decades are of one width.
  const along = (at: number): number => (name === 'streams' ? Math.log10(at) : at)
  const furthest = Math.max(...points.map(({ at }) => along(at)))
  const most = Math.max(...points.map((point) => point[figure])) * 1.15
  const place = (point: Point): readonly [number, number] => [
    x + (along(point.at) / (furthest || 1)) * (panelWidth - 30),
    y + panelHeight - (point[figure] / most) * panelHeight,
  ]
  const places = points.map(place)
  const line = places.map(([px, py]) => `${px.toFixed(1)},${py.toFixed(1)}`).join(' ')
  const dots = places.map(
    ([px, py]) => `<circle class="dot" cx="${px.toFixed(1)}" cy="${py.toFixed(1)}" r="3"/>`,
  )
  const last = points.at(-1)
  const [lastX = x, lastY = y] = places.at(-1) ?? []
  const bottom = y + panelHeight
  return `<text class="title" x="${x}" y="${y - 12}">${titles[figure]}</text>
<line class="axis" x1="${x}" y1="${bottom}" x2="${x + panelWidth - 20}" y2="${bottom}"/>
<line class="axis" x1="${x}" y1="${y}" x2="${x}" y2="${bottom}"/>
<text x="${x - 6}" y="${y + 10}" text-anchor="end">${short(most)}</text>
<text x="${x - 6}" y="${bottom}" text-anchor="end">0</text>
<polyline class="line" points="${line}"/>
${dots.join('')}
<text x="${lastX.toFixed(1)}" y="${(lastY - 8).toFixed(1)}" text-anchor="end">${short(last?.[figure] ?? 0)}</text>
<text x="${x}" y="${bottom + 18}">${short(points[0]?.at ?? 0)} to ${short(last?.at ?? 0)} ${title}</text>`
}

const short = (value: number): string => value.toLocaleString('en', { maximumSignificantDigits: 3 })
