/** Growth as lines, one SVG: for each thing that grows, the cost of a record and the memory. */
import { growthTitles, type Line, type Point } from './growth-report.ts'
import { growthNames } from './growth-trials.ts'

const width = 760
const panelWidth = 330
const panelHeight = 150
const left = 48
const top = 44
const rowHeight = panelHeight + top + 44
const legendHeight = 30

type Figure = 'cpuSecondsPerMillion' | 'residentMegabytes'
const titles: Readonly<Record<Figure, string>> = {
  cpuSecondsPerMillion: 'CPU seconds per million records',
  residentMegabytes: 'resident memory, MB',
}

export const linesPicture = (lines: readonly Line[]): string => {
  const growths = growthNames
    .map((growth) => lines.filter((line) => line.growth === growth))
    .filter((ours) => ours.length > 0)
  const height = legendHeight + growths.length * rowHeight
  const rows = growths.flatMap((ours, row) =>
    (['cpuSecondsPerMillion', 'residentMegabytes'] as const).map((figure, column) =>
      panel(ours, {
        figure,
        x: left + column * (panelWidth + 44),
        y: legendHeight + row * rowHeight + top,
      }),
    ),
  )
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif" font-size="12" role="img" aria-label="What a record costs as other things grow">
<style>.page{fill:#fff}.line{fill:none;stroke-width:2}.holdfast{stroke:#2f5f9e}.relay{stroke:#9a6a1f}.dot{stroke:none}.holdfast.dot{fill:#2f5f9e}.relay.dot{fill:#9a6a1f}.range{stroke-width:1}.near{fill:#2f5f9e;opacity:.1}.end{stroke:none}.axis{stroke:#b9c6d6}text{fill:#17202b}.title{font-weight:600}.holdfast.end{fill:#2f5f9e}.relay.end{fill:#9a6a1f}
@media (prefers-color-scheme: dark){.page{fill:#10161d}.holdfast{stroke:#6ea3e6}.relay{stroke:#d9a441}.holdfast.dot{fill:#6ea3e6}.relay.dot{fill:#d9a441}.near{fill:#6ea3e6;opacity:.16}.axis{stroke:#3c4b5d}text{fill:#dfe6ee}.holdfast.end{fill:#6ea3e6}.relay.end{fill:#d9a441}}</style>
<rect class="page" width="${width}" height="${height}"/>
${legend(lines)}
${rows.join('\n')}
</svg>
`
}

const legend = (lines: readonly Line[]): string => {
  const names = ['holdfast', 'relay'].filter((name) => lines.some((it) => it.subject === name))
  const marks = names.map((name, index) => {
    const x = left + index * 110
    return `<line class="line ${name}" x1="${x}" y1="18" x2="${x + 20}" y2="18"/><text x="${x + 26}" y="22">${name}</text>`
  })
  const x = left + names.length * 110
  return `${marks.join('\n')}
<rect class="near" x="${x}" y="11" width="20" height="14"/><text x="${x + 26}" y="22">up to 10 % above the cheapest step; upright: least and most</text>`
}

type Place = { readonly figure: Figure; readonly x: number; readonly y: number }

const panel = (lines: readonly Line[], { figure, x, y }: Place): string => {
  const points = lines.flatMap((line) => line.points)
  const growth = lines[0]?.growth ?? 'held'
  // From 1 to 10,000 the decades are of one width.
  const along = (at: number): number => (growth === 'streams' ? Math.log10(at) : at)
  const furthest = Math.max(...points.map(({ at }) => along(at)))
  const most = Math.max(...points.map((point) => point[figure].most)) * 1.15
  const scale = {
    across: (at: number) => x + (along(at) / (furthest || 1)) * (panelWidth - 30),
    up: (value: number) => y + panelHeight - (value / most) * panelHeight,
  }
  const bottom = y + panelHeight
  const [first] = lines
  return `<text class="title" x="${x}" y="${y - 12}">${titles[figure]}</text>
${first === undefined || figure !== 'cpuSecondsPerMillion' ? '' : near(first.points, scale)}
<line class="axis" x1="${x}" y1="${bottom}" x2="${x + panelWidth - 20}" y2="${bottom}"/>
<line class="axis" x1="${x}" y1="${y}" x2="${x}" y2="${bottom}"/>
<text x="${x - 6}" y="${y + 10}" text-anchor="end">${short(most)}</text>
<text x="${x - 6}" y="${bottom}" text-anchor="end">0</text>
${lines.map((line) => drawn(line, { figure, scale })).join('\n')}
${ends(lines, { figure, scale })}
<text x="${x}" y="${bottom + 18}">${short(points[0]?.at ?? 0)} to ${short(first?.points.at(-1)?.at ?? 0)} ${growthTitles[growth]}</text>`
}

type Scale = {
  readonly across: (at: number) => number
  readonly up: (value: number) => number
}

/** From the cheapest of the steps to a tenth above. */
const near = (points: readonly Point[], { across, up }: Scale): string => {
  const cheapest = Math.min(...points.map(({ cpuSecondsPerMillion: { median } }) => median))
  const [from, to] = [across(points[0]?.at ?? 0), across(points.at(-1)?.at ?? 0)]
  const upper = up(1.1 * cheapest)
  return `<rect class="near" x="${from.toFixed(1)}" y="${upper.toFixed(1)}" width="${(to - from).toFixed(1)}" height="${(up(cheapest) - upper).toFixed(1)}"/>`
}

const drawn = (
  { subject, points }: Line,
  { figure, scale }: { readonly figure: Figure; readonly scale: Scale },
): string => {
  const places = points.map((point) => ({
    x: scale.across(point.at).toFixed(1),
    y: scale.up(point[figure].median).toFixed(1),
    least: scale.up(point[figure].least).toFixed(1),
    most: scale.up(point[figure].most).toFixed(1),
  }))
  return `<polyline class="line ${subject}" points="${places.map(({ x, y }) => `${x},${y}`).join(' ')}"/>
${places.map(({ x, y, least, most }) => `<line class="range ${subject}" x1="${x}" y1="${least}" x2="${x}" y2="${most}"/><circle class="dot ${subject}" cx="${x}" cy="${y}" r="3"/>`).join('')}`
}

const lettersHigh = 13

/** What each line ends at, beside its end; where ends are near each other, one below the other. */
const ends = (
  lines: readonly Line[],
  { figure, scale }: { readonly figure: Figure; readonly scale: Scale },
): string => {
  const last = lines.flatMap(({ subject, points }) => {
    const end = points.at(-1)
    return end === undefined ? [] : [{ subject, at: end.at, value: end[figure].median }]
  })
  let free = Number.NEGATIVE_INFINITY
  return last
    .toSorted((a, b) => b.value - a.value)
    .map(({ subject, at, value }) => {
      const y = Math.max(free, scale.up(value) + 4)
      free = y + lettersHigh
      return `<text class="end ${subject}" x="${(scale.across(at) + 6).toFixed(1)}" y="${y.toFixed(1)}">${short(value)}</text>`
    })
    .join('\n')
}

const short = (value: number): string => value.toLocaleString('en', { maximumSignificantDigits: 3 })
