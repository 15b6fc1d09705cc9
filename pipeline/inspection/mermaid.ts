/**
 * A sequence as text that Mermaid draws: in Markdown, on GitHub, in an editor.
 *
 * @see https://mermaid.js.org/syntax/sequenceDiagram.html
 */
import { type Arrow, type Lane, laneKey, lanesOf } from './joined-sequence.ts'

const outside = 'outside'

export const mermaidOf = (arrows: readonly Arrow[]): string => {
  const lanes = lanesOf(arrows)
  const ids = new Map(lanes.map((it, index) => [laneKey(it), `a${index + 1}`]))
  const idOf = (it: Lane | null): string => (it === null ? outside : (ids.get(laneKey(it)) ?? ''))
  const participant = (it: Lane): string => `participant ${idOf(it)} as ${safe(it.name)}`
  const producers = [...new Set(lanes.map(({ producer }) => producer))]
  return [
    'sequenceDiagram',
    ...(arrows.some(({ from }) => from === null) ? [`  participant ${outside}`] : []),
    ...producers.flatMap((producer) => [
      `  box ${safe(producer)}`,
      ...lanes.filter((it) => it.producer === producer).map((it) => `    ${participant(it)}`),
      '  end',
    ]),
    ...arrows.flatMap(({ from, to, kind, message, change }) => [
      // A dashed line leaves the process.
      `  ${idOf(from)}${kind === 'crossing' ? '-->>' : '->>'}${idOf(to)}: ${safe(message)}`,
      ...(change === null
        ? []
        : [`  Note over ${idOf(to)}: ${safe(change.from)} → ${safe(change.to)}`]),
    ]),
    '',
  ].join('\n')
}

/** What would end a line or a word, by its number; a name of a process is an operator's to choose. */
const safe = (text: string): string =>
  text.replaceAll(/[^\p{L}\p{N} ._/-]/gu, (it) => `#${it.codePointAt(0)};`)
