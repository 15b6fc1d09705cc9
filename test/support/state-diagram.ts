/**
 * State diagrams of the machines as they are, in Mermaid: `node test/support/state-diagram.ts` writes
 * them to `docs/machines/`. A test fails when they lag behind.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type MachineGraph, machineGraphs } from '../../pipeline/console/build/machine-graph.ts'

const folder = join(import.meta.dirname, '../../docs/machines')

/** Every diagram by the path of its file, from the root of the checkout. */
export const diagrams = (): ReadonlyMap<string, string> =>
  new Map(machineGraphs().map((graph) => [`docs/machines/${graph.id}.md`, page(graph)]))

const page = ({ id, initial, states, arrows }: MachineGraph): string => {
  const lines = [
    `[*] --> ${initial}`,
    ...arrows.map(({ from, to, labels }) => `${from} --> ${to}: ${labels.join('<br>')}`),
    ...states.filter(({ isFinal }) => isFinal).map(({ key }) => `${key} --> [*]`),
    ...states.flatMap(({ key, waitsOn }) =>
      waitsOn === null ? [] : [`note right of ${key}: waits on ${waitsOn}, until a deadline`],
    ),
  ]
  return [
    `# ${id}`,
    '',
    'Drawn from the machine by `npm run diagrams`; a test fails when it lags behind. What each message does in',
    `each state, also where it leads nowhere: [SPEC.md](../../actors/${id}/SPEC.md).`,
    '',
    '```mermaid',
    'stateDiagram-v2',
    ...lines.map((line) => `  ${line}`),
    '```',
    '',
  ].join('\n')
}

if (process.argv[1] === import.meta.filename) {
  mkdirSync(folder, { recursive: true })
  for (const [path, text] of diagrams()) {
    writeFileSync(join(import.meta.dirname, '../..', path), text)
  }
}
