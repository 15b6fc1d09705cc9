import { painted, type Style } from '../commands/table.ts'
import type { Agent } from './contestant.ts'
import { type Cell, cellsOf, marksOf, type Scene } from './scene.ts'

/** Time from left to right, one row an agent. 80 columns at most. */
export const timelineCells = 62
export const labelColumns = 14
const secondsPerLabel = 2

export const timelinePicture = (scene: Scene): string => {
  const row = (agent: Agent, label: string) => `  ${label.padEnd(labelColumns)}${bar(scene, agent)}`
  return [
    `  ${''.padEnd(labelColumns)}${painted('dim', scale(scene))}`,
    `  ${'redirects'.padEnd(labelColumns)}${redirects(scene)}`,
    row('naive', 'naive agent'),
    row('holdfast', 'Holdfast'),
    '',
    '  The same, but after the redirects the endpoint is away, until R:',
    row('away', 'Holdfast'),
    '',
    `  ${legend()}`,
    '',
  ].join('\n')
}

type Glyph = { readonly text: string; readonly style: Style }
const overwriting: Glyph = { text: '×', style: 'red' }
const dropping: Glyph = { text: '!', style: 'yellow' }
const silent: Glyph = { text: '·', style: 'yellow' }
const delivering: Glyph = { text: '▆', style: 'green' }
const catchingUp: Glyph = { text: '█', style: 'green' }
const ahead: Glyph = { text: ' ', style: 'dim' }
const redirect: Glyph = { text: '▼', style: 'bold' }
const restart: Glyph = { text: 'R', style: 'bold' }

/** More than so many times what comes in is a cache being emptied. */
const catchingUpRatio = 2

const meanings: readonly (readonly (readonly [Glyph, string])[])[] = [
  [
    [delivering, 'delivering'],
    [catchingUp, 'catching up'],
    [silent, 'nothing arrives'],
    [redirect, 'told to redirect'],
  ],
  [
    [overwriting, 'overwriting unsaid'],
    [dropping, 'dropping with an event'],
    [restart, 'restarted by a person'],
  ],
]

const legend = (): string =>
  meanings
    .map((row) => row.map(([glyph, meaning]) => `${shown(glyph)} ${meaning}`).join('   '))
    .join('\n  ')

const shown = ({ text, style }: Glyph): string => painted(style, text)

const bar = (scene: Scene, agent: Agent): string => {
  const perCell = (scene.recordsPerMs * scene.durationMs) / timelineCells
  const restartAtMs = agent === 'naive' ? scene.restartAtMs : null
  const restarts = marksOf(scene, restartAtMs === null ? [] : [restartAtMs], timelineCells)
  const glyphs = cellsOf(scene, agent, timelineCells).map((cell, index) =>
    (restarts[index] ?? 0) > 0 ? restart : glyphOf(cell, agent, perCell),
  )
  return joined(glyphs)
}

const glyphOf = ({ state, delivered }: Cell, agent: Agent, perCell: number): Glyph => {
  switch (state) {
    case 'ahead':
      return ahead
    case 'silent':
      return silent
    case 'losing':
      return agent === 'naive' ? overwriting : dropping
    case 'delivering':
      return delivered > catchingUpRatio * perCell ? catchingUp : delivering
  }
}

/** Runs of one style are painted at once. */
const joined = (glyphs: readonly Glyph[]): string => {
  const runs: { style: Style; text: string }[] = []
  for (const { text, style } of glyphs) {
    const last = runs.at(-1)
    if (last?.style === style) last.text += text
    else runs.push({ style, text })
  }
  return runs.map(({ style, text }) => painted(style, text)).join('')
}

const redirects = (scene: Scene): string =>
  joined(
    marksOf(scene, scene.redirectsAtMs, timelineCells).map((count) =>
      count > 0 ? redirect : ahead,
    ),
  )

const scale = ({ durationMs }: Scene): string => {
  const cells = new Array<string>(timelineCells).fill(' ')
  const step = durationMs > 6_000 ? secondsPerLabel : 1
  for (let second = 0; second * 1_000 < durationMs; second += step) {
    const at = Math.round((second * 1_000 * timelineCells) / durationMs)
    const label = second === 0 ? '0 s' : String(second)
    if (at + label.length > timelineCells) break
    cells.splice(at, label.length, ...label)
  }
  return cells.join('')
}
