/** The figures of a measurement as bars, one SVG: for each figure one bar a subject, to its own scale. */
import type { Run } from './report.ts'

const figures = [
  ['recordsPerSecond', 'records/s, more is better'],
  ['cpuSecondsPerMillion', 'CPU seconds per million records, less is better'],
  ['peakMegabytes', 'peak memory under load, MB, less is better'],
  ['bytesWrittenPerRecord', 'bytes written for a record, less is better'],
  ['p99Ms', 'p99 from client to sink, ms, less is better'],
  ['drainPerSecond', 'backlog sent, records/s, more is better'],
] as const satisfies readonly (readonly [keyof Run, string])[]

const width = 760
const labelWidth = 110
const valueWidth = 90
const barHeight = 16
const titleHeight = 30

export const barsPicture = (runs: readonly Run[]): string => {
  const blockHeight = titleHeight + runs.length * (barHeight + 4)
  const height = figures.length * blockHeight + 10
  const blocks = figures.map(([figure, title], index) =>
    blockOf(runs, { figure, title, top: index * blockHeight }),
  )
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif" font-size="12" role="img" aria-label="Holdfast beside others">
<style>.page{fill:#fff}.own{fill:#2f5f9e}.other{fill:#b9c6d6}text{fill:#17202b}.title{font-weight:600}
@media (prefers-color-scheme: dark){.page{fill:#10161d}.own{fill:#6ea3e6}.other{fill:#3c4b5d}text{fill:#dfe6ee}}</style>
<rect class="page" width="${width}" height="${height}"/>
${blocks.join('\n')}
</svg>
`
}

const blockOf = (
  runs: readonly Run[],
  {
    figure,
    title,
    top,
  }: { readonly figure: (typeof figures)[number][0]; readonly title: string; readonly top: number },
): string => {
  const most = Math.max(...runs.map((run) => run[figure] ?? 0), Number.MIN_VALUE)
  const bars = runs.map((run, index) => {
    const y = top + titleHeight + index * (barHeight + 4)
    const wide = ((run[figure] ?? 0) / most) * (width - labelWidth - valueWidth)
    const text = run[figure]?.toLocaleString('en') ?? 'none'
    return `<text x="${labelWidth - 6}" y="${y + 12}" text-anchor="end">${run.name}</text><rect class="${index === 0 ? 'own' : 'other'}" x="${labelWidth}" y="${y}" width="${wide.toFixed(1)}" height="${barHeight}"/><text x="${(labelWidth + wide + 6).toFixed(1)}" y="${y + 12}">${text}</text>`
  })
  return `<text class="title" x="8" y="${top + 20}">${title}</text>\n${bars.join('\n')}`
}
