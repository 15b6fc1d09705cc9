/** What the machines say of themselves: their states, and which message leads where. */
import type { AnyStateMachine } from 'xstate'
import { cache } from '../../../actors/cache/machine.ts'
import { collector } from '../../../actors/collector/machine.ts'
import { delivery } from '../../../actors/delivery/machine.ts'
import { dispatcher } from '../../../actors/dispatcher/machine.ts'
import { endpointManager } from '../../../actors/endpoint-manager/machine.ts'
import { sentinel } from '../../../actors/sentinel/machine.ts'

export type MachineGraph = {
  readonly id: string
  readonly initial: string
  readonly states: readonly GraphState[]
  /** One for each pair of states; that a state leads to itself is left out. */
  readonly arrows: readonly GraphArrow[]
}
export type GraphState = {
  readonly key: string
  readonly isFinal: boolean
  /** The actor that it waits on; null: it does not wait. */
  readonly waitsOn: string | null
}
export type GraphArrow = {
  readonly from: string
  readonly to: string
  readonly labels: readonly string[]
}

const machines: readonly AnyStateMachine[] = [
  collector,
  cache,
  dispatcher,
  delivery,
  endpointManager,
  sentinel,
]

export const machineGraphs = (): readonly MachineGraph[] => machines.map(graphOf)

const graphOf = (machine: AnyStateMachine): MachineGraph => {
  const states = Object.values(machine.root.states)
  const arrows = new Map<string, { from: string; to: string; labels: string[] }>()
  for (const state of states) {
    const transitions = [...[...state.transitions.values()].flat(), ...(state.always ?? [])]
    for (const { target, eventType, guard, description } of transitions) {
      const [to] = target ?? []
      if (to === undefined || to === state) continue
      const key = `${state.key} ${to.key}`
      const label = eventType === '' ? `when ${description ?? guardName(guard)}` : eventType
      const arrow = arrows.get(key) ?? { from: state.key, to: to.key, labels: [] }
      if (!arrow.labels.includes(label)) arrow.labels.push(label)
      arrows.set(key, arrow)
    }
  }
  const [initial] = machine.root.initial.target ?? []
  return {
    id: machine.id,
    initial: initial?.key ?? '',
    states: states.map(({ key, type, meta }) => ({
      key,
      isFinal: type === 'final',
      waitsOn: meta?.waitsOn ?? null,
    })),
    arrows: [...arrows.values()],
  }
}

const guardName = (guard: unknown): string => {
  if (typeof guard === 'string') return guard
  return (guard as { readonly type?: string } | undefined)?.type ?? 'always'
}
