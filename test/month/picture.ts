/** The month as one picture: a row an agent, time from left to right, in light and in dark. */
import type { Pair } from './account.ts'
import type { Lot, Outcome } from './fate.ts'
import { day, days, endMs, hour, type Plot } from './plot.ts'

const cellMs = 2 * hour
const width = 1_120
const left = 96
const right = 24
const rowHeight = 13
const rowGap = 4
const panelGap = 66
const top = 146
/** What is told within so many pixels of the one before has no mark of its own. */
const bellGap = 7
const plotWidth = width - left - right

type State = 'delivered' | 'late' | 'held' | 'lost'
const worst: readonly State[] = ['lost', 'held', 'late', 'delivered']

const style = `
  text { font: 13px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #1f2328 }
  .title { font-size: 19px; font-weight: 650 } .panel { font-size: 15px; font-weight: 650 }
  .faint { fill: #59636e } .ground { fill: #ffffff } .grid { stroke: #d1d9e0 }
  .delivered { fill: #8fcfae } .late { fill: #2f7f6b } .held { fill: #9aa4b2 }
  .unsaid { fill: #d1242f } .said { fill: #e0a100 } .mark { fill: #1f2328 } .bell { fill: #0969da }
  .storm { stroke: #1f2328; stroke-dasharray: 2 3 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .faint { fill: #9198a1 } .ground { fill: #0d1117 } .grid { stroke: #30363d }
    .delivered { fill: #2b5f49 } .late { fill: #56c2a2 } .held { fill: #6e7681 }
    .unsaid { fill: #f85149 } .said { fill: #e3b341 } .mark { fill: #e6edf3 } .bell { fill: #58a6ff }
    .storm { stroke: #e6edf3 }
  }`

export const monthPicture = (
  plot: Plot,
  pairs: readonly Pair[],
  words: { readonly naive: string; readonly holdfast: string },
): string => {
  const panelHeight = pairs.length * (rowHeight + rowGap)
  const second = top + panelHeight + panelGap
  const height = second + panelHeight + 64
  const panel = (of: 'naive' | 'holdfast', y: number): string =>
    [
      text({ x: left, y: y - 20, of: 'panel' }, of === 'naive' ? 'Naive agent' : 'Holdfast'),
      text({ x: left + 116, y: y - 20, of: 'faint' }, words[of]),
      ...pairs.map((pair, index) => row(pair, of, y + index * (rowHeight + rowGap))),
    ].join('\n')
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${words.naive} ${words.holdfast}">
<style>${style}
</style>
<rect class="ground" width="${width}" height="${height}"/>
${text({ x: 24, y: 34, of: 'title' }, 'A month of redirects: the same records, the same endpoints, the same caches')}
${legend(58)}
${grid({ from: top, to: second + panelHeight })}
${plot.storms.map(({ movedMs }) => storm(xOf(movedMs), [top, second], panelHeight)).join('\n')}
${panel('naive', top)}
${panel('holdfast', second)}
${restart(xOf(plot.restartMs), second - panelGap + 10)}
${dayLabels(height - 38)}
</svg>
`
}

const xOf = (atMs: number): number => left + (atMs / endMs) * plotWidth
const n = (value: number): string => value.toFixed(1).replace(/\.0$/, '')

const text = (
  at: { readonly x: number; readonly y: number; readonly of: string; readonly anchor?: string },
  words: string,
): string =>
  `<text class="${at.of}" x="${n(at.x)}" y="${n(at.y)}"${at.anchor === undefined ? '' : ` text-anchor="${at.anchor}"`}>${words}</text>`

const row = ({ agent, ...outcomes }: Pair, of: 'naive' | 'holdfast', y: number): string => {
  const outcome: Outcome = outcomes[of]
  const runs = runsOf(outcome.lots)
  const rects = runs.map(({ state, fromMs, toMs }) => {
    const shown = state === 'lost' ? (of === 'naive' ? 'unsaid' : 'said') : state
    return `<rect class="${shown}" x="${n(xOf(fromMs))}" y="${y}" width="${n(xOf(toMs) - xOf(fromMs))}" height="${rowHeight}"/>`
  })
  const bells = outcome.told
    .filter(({ type }) => type === 'io.holdfast.drop')
    .map(({ atMs }) => xOf(atMs))
    .toSorted((one, other) => one - other)
    .filter((x, index, all) => index === 0 || x - (all[index - 1] ?? x) >= bellGap)
    .map((x) => `<circle class="bell" cx="${n(x)}" cy="${y + rowHeight / 2}" r="3.5"/>`)
  const label = text(
    { x: left - 10, y: y + rowHeight - 2, of: 'faint', anchor: 'end' },
    agent.name.replace('-', ' '),
  )
  return [label, ...rects, ...bells].join('\n')
}

type Run = { readonly state: State; readonly fromMs: number; readonly toMs: number }
const runsOf = (lots: readonly Lot[]): readonly Run[] => {
  const cells = Map.groupBy(lots, ({ atMs }) => Math.floor(atMs / cellMs))
  const runs: Run[] = []
  for (let cell = 0; cell < endMs / cellMs; cell += 1) {
    const fates = new Set(cells.get(cell)?.map(({ fate }) => fate))
    const state = worst.find((it) => fates.has(it))
    if (state === undefined) continue
    const [fromMs, toMs] = [cell * cellMs, (cell + 1) * cellMs]
    const last = runs.at(-1)
    if (last?.state === state && last.toMs === fromMs) runs[runs.length - 1] = { ...last, toMs }
    else runs.push({ state, fromMs, toMs })
  }
  return runs
}

const restart = (x: number, y: number): string =>
  `<path class="mark" d="M${n(x - 5)} ${y - 1}h10l-5 -9z"/>
${text({ x: x + 10, y, of: 'faint' }, 'people restart what is stuck')}`

const legend = (y: number): string => {
  const entries = [
    ['delivered', 'delivered'],
    ['late', 'delivered late'],
    ['held', 'still held'],
    ['unsaid', 'overwritten, nobody is told'],
    ['said', 'dropped, with an event'],
  ] as const
  let x = 24
  const swatches = entries.flatMap(([of, words]) => {
    const at = x
    x += 40 + words.length * 7
    return [
      `<rect class="${of}" x="${at}" y="${y - 10}" width="12" height="12" rx="2"/>`,
      text({ x: at + 18, y, of: 'faint' }, words),
    ]
  })
  const bell = `<circle class="bell" cx="${x + 6}" cy="${y - 4}" r="4"/>`
  return [
    ...swatches,
    bell,
    text({ x: x + 16, y, of: 'faint' }, 'its tenants are notified'),
    text({ x: 24, y: y + 24, of: 'faint' }, storms),
  ].join('\n')
}
const storms =
  '▼ records move to another endpoint: every agent is told so five times within eight seconds'

const grid = ({ from, to }: { readonly from: number; readonly to: number }): string =>
  Array.from({ length: days / 5 + 1 }, (_, index) => xOf(index * 5 * day))
    .map((x) => `<line class="grid" x1="${n(x)}" x2="${n(x)}" y1="${from - 6}" y2="${to + 6}"/>`)
    .join('\n')

/** Across the rows of each panel, and not through its words. */
const storm = (x: number, panels: readonly number[], height: number): string =>
  panels
    .map(
      (y) => `<line class="storm" x1="${n(x)}" x2="${n(x)}" y1="${y - 4}" y2="${y + height}"/>
<path class="mark" d="M${n(x - 5)} ${y - 12}h10l-5 9z"/>`,
    )
    .join('\n')

const dayLabels = (y: number): string =>
  Array.from({ length: days / 5 + 1 }, (_, index) =>
    text(
      { x: xOf(index * 5 * day), y, of: 'faint', anchor: 'middle' },
      index === 0 ? 'day 0' : String(index * 5),
    ),
  ).join('\n')
