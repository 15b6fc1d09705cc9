import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type AnyStateMachine, createMachine } from 'xstate'
import { cache } from '../../../../actors/cache/machine.ts'
import { collector } from '../../../../actors/collector/machine.ts'
import { delivery } from '../../../../actors/delivery/machine.ts'
import { dispatcher } from '../../../../actors/dispatcher/machine.ts'
import { endpointManager } from '../../../../actors/endpoint-manager/machine.ts'
import { sentinel } from '../../../../actors/sentinel/machine.ts'
import { definitions } from '../../../../pipeline/inspection/definitions.ts'

const machines: readonly AnyStateMachine[] = [
  cache,
  collector,
  delivery,
  dispatcher,
  endpointManager,
  sentinel,
]
const edgesOf = (machine: AnyStateMachine): readonly string[] =>
  Object.values(machine.states).flatMap((state) =>
    [...state.transitions].flatMap(([event, transitions]) =>
      transitions.map(({ target }) => `${state.key} ${event} ${target?.map(({ key }) => key)}`),
    ),
  )

test('a machine that is made of its definition has the same states and transitions', () => {
  assert.equal(definitions.size, machines.length)
  for (const machine of machines) {
    const definition = JSON.parse(definitions.get(machine.id) ?? assert.fail(machine.id))
    const edges = edgesOf(createMachine(definition))
    assert.ok(edges.length > 5)
    assert.deepEqual(edges, edgesOf(machine), machine.id)
  }
})
