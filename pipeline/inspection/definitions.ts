/** The machines as data, for whoever draws them: functions are left with their names alone. */
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

/** By the name of the machine: what `createMachine` takes, as JSON. */
export const definitions: ReadonlyMap<string, string> = new Map(
  machines.map((machine) => [machine.id, definitionText(machine)]),
)

function definitionText({ config }: AnyStateMachine): string {
  return JSON.stringify(config, (_, value: unknown) =>
    typeof value === 'function' ? { type: value.name } : value,
  )
}
