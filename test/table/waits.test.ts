/** Nobody waits upwards, nobody waits for ever, and no restart forgets a deadline. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type AnyStateMachine, createMachine } from 'xstate'
import { cache } from '../../actors/cache/machine.ts'
import { collector } from '../../actors/collector/machine.ts'
import { delivery } from '../../actors/delivery/machine.ts'
import { dispatcher } from '../../actors/dispatcher/machine.ts'
import { endpointManager } from '../../actors/endpoint-manager/machine.ts'
import type { Actor } from '../../actors/kit/rank.ts'
import { waiting } from '../../actors/kit/state.ts'
import type { InstantMs } from '../../schemas/brand.ts'
import { waitFaults } from '../support/wait-rules.ts'

const machines: Record<Actor, AnyStateMachine> = {
  collector,
  cache,
  dispatcher,
  delivery,
  'endpoint-manager': endpointManager,
}

/** The states that wait for nobody in particular, and why nothing is owed in them. */
const resting: Record<Actor, Readonly<Record<string, string>>> = {
  collector: { accepting: 'no client has sent anything that is not answered' },
  cache: {},
  dispatcher: { idle: 'nothing is leased, nothing is out, and the cache knows the window' },
  delivery: {},
  'endpoint-manager': {
    probation: 'the endpoint is assigned and known; attempts say how it does',
    active: 'the endpoint is assigned and known',
    pinned: 'the endpoint is assigned and known; only an operator changes that',
  },
}

for (const [actor, machine] of Object.entries(machines)) {
  test(`The ${actor} waits only on what ranks below it, and never without a deadline.`, () => {
    assert.equal(machine.id, actor)
    assert.deepEqual(waitFaults(machine, resting[actor as Actor]), [])
  })
}

describe('The walk through the machines finds', () => {
  const waits = waiting<'collector', { readonly dueMs: InstantMs }>()
  const built = waits({ on: 'cache', until: 'dueMs', late: { target: 'end' }, state: { on: {} } })
  const end = { type: 'final' }
  const faultsOf = (states: object, id = 'cache'): readonly string[] =>
    waitFaults(createMachine({ id, initial: 'a', states: { ...states, end } } as never), {})

  test('nothing in a wait downwards that was built by `waiting`.', () => {
    assert.deepEqual(faultsOf({ a: built }, 'collector'), [])
  })

  test('a wait upwards, and one on its own kind.', () => {
    const fault = 'a waits on cache, which does not rank below'
    assert.deepEqual(faultsOf({ a: built }, 'dispatcher'), [`${fault} dispatcher`])
    assert.deepEqual(faultsOf({ a: built }, 'cache'), [`${fault} cache`])
  })

  test('a wait inside another state.', () => {
    const a = { initial: 'b', always: 'end', states: { b: built, end } }
    assert.deepEqual(faultsOf({ a }), ['a.b waits on cache, which does not rank below cache'])
  })

  test('a wait by hand, whichever part of it is missing.', () => {
    const parts: readonly object[] = [
      { invoke: built.invoke },
      { invoke: { src: 'timer', id: 'deadline' }, on: built.on, meta: built.meta },
      { invoke: [built.invoke, { src: 'timer', id: 'more' }], on: built.on, meta: built.meta },
      { invoke: built.invoke, on: { 'timer.fired': { target: 'end' } }, meta: built.meta },
      { invoke: built.invoke, on: built.on },
      { meta: { waitsOn: 'outside' } },
      { on: { 'timer.fired': 'end' } },
    ]
    for (const a of parts) {
      assert.deepEqual(faultsOf({ a }, 'collector'), ['a waits, and was not built by `waiting`'])
    }
  })

  test('a state that goes nowhere by itself and does not say why.', () => {
    assert.deepEqual(faultsOf({ a: { on: { asked: 'end' } } }), [
      'a has no deadline, and no reason why it needs none',
    ])
    assert.deepEqual(faultsOf({ a: { always: 'end' } }), [])
  })

  test('a delay that a restart forgets.', () => {
    assert.deepEqual(faultsOf({ a: { always: 'end', after: { 100: 'end' } } }), [
      'a uses `after`, which a restored snapshot forgets',
    ])
    const machine = createMachine({ id: 'cache' } as never).provide({ delays: { later: 100 } })
    assert.deepEqual(waitFaults(machine, {}), [
      'the machine declares delays, which a restored snapshot forgets',
    ])
  })

  test('a reason for a state that is not there, or that waits.', () => {
    const machine = createMachine({
      id: 'collector',
      initial: 'a',
      states: { a: built, end },
    } as never)
    assert.deepEqual(waitFaults(machine, { a: 'it is quiet', b: 'it is quiet' }), [
      'a is said to rest, but waits',
      'b is said to rest, but there is no such state',
    ])
  })
})
