/**
 * State diagrams of the machines as they are, in Mermaid: `node test/support/state-diagram.ts` writes
 * them to `docs/machines/`. A test fails when they lag behind.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { AnyStateMachine } from 'xstate'
import { cache } from '../../actors/cache/machine.ts'
import { collector } from '../../actors/collector/machine.ts'
import { delivery } from '../../actors/delivery/machine.ts'
import { dispatcher } from '../../actors/dispatcher/machine.ts'
import { endpointManager } from '../../actors/endpoint-manager/machine.ts'
import { sentinel } from '../../actors/sentinel/machine.ts'

const machines: readonly AnyStateMachine[] = [
  collector,
  cache,
  dispatcher,
  delivery,
  endpointManager,
  sentinel,
]
const folder = join(import.meta.dirname, '../../docs/machines')

/** Every diagram by the path of its file, from the root of the checkout. */
export const diagrams = (): ReadonlyMap<string, string> =>
  new Map(machines.map((machine) => [`docs/machines/${machine.id}.md`, page(machine)]))

const page = (machine: AnyStateMachine): string => {
  const states = Object.values(machine.root.states)
  const arrows = new Map<string, string[]>()
  for (const state of states) {
    const transitions = [...[...state.transitions.values()].flat(), ...(state.always ?? [])]
    for (const { target, eventType, guard, description } of transitions) {
      const [to] = target ?? []
      if (to === undefined || to === state) continue
      const arrow = `${state.key} --> ${to.key}`
      const label = eventType === '' ? `when ${description ?? guardName(guard)}` : eventType
      const labels = arrows.get(arrow) ?? []
      if (!labels.includes(label)) arrows.set(arrow, [...labels, label])
    }
  }
  const [initial] = machine.root.initial.target ?? []
  const lines = [
    `[*] --> ${initial?.key}`,
    ...[...arrows].map(([arrow, labels]) => `${arrow}: ${labels.join('<br>')}`),
    ...states.filter(({ type }) => type === 'final').map(({ key }) => `${key} --> [*]`),
    ...states.flatMap(({ key, meta }) =>
      meta?.waitsOn === undefined
        ? []
        : [`note right of ${key}: waits on ${meta.waitsOn}, until a deadline`],
    ),
  ]
  return [
    `# ${machine.id}`,
    '',
    'Drawn from the machine by `npm run diagrams`; a test fails when it lags behind. What each message does in',
    `each state, also where it leads nowhere: [SPEC.md](../../actors/${machine.id}/SPEC.md).`,
    '',
    '```mermaid',
    'stateDiagram-v2',
    ...lines.map((line) => `  ${line}`),
    '```',
    '',
  ].join('\n')
}

const guardName = (guard: unknown): string => {
  if (typeof guard === 'string') return guard
  return (guard as { readonly type?: string } | undefined)?.type ?? 'always'
}

if (process.argv[1] === import.meta.filename) {
  mkdirSync(folder, { recursive: true })
  for (const [path, text] of diagrams()) {
    writeFileSync(join(import.meta.dirname, '../..', path), text)
  }
}
