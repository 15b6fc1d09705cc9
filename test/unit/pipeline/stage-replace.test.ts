import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { endpointManager } from '../../../actors/endpoint-manager/machine.ts'
import type { Clock } from '../../../infra/clock/clock.ts'
import type { Entrance } from '../../../pipeline/entrance.ts'
import { openStage } from '../../../pipeline/stage.ts'
import { epoch, type InstantMs, instant } from '../../../schemas/brand.ts'
import { endpointManagerInput, urls } from '../../support/route-parts.ts'

const opened = () => {
  const timers = new Map<() => void, InstantMs>()
  const clock: Clock = {
    now: () => instant(1_000),
    at: (atMs, callback) => {
      timers.set(callback, atMs)
      return () => void timers.delete(callback)
    },
    chance: () => 0,
  }
  const did: string[] = []
  const lost: string[] = []
  const stage = openStage({
    name: 'edge-1',
    clock,
    deadLetter: ({ message }) => lost.push(message.type),
    fault: ({ why }) => did.push(why),
    failed: (actor, error) => assert.fail(`${actor}: ${error}`),
    watcherFailed: (error) => assert.fail(String(error)),
  })
  const entrance = (snapshot?: unknown): Entrance => ({
    id: 'endpoint-manager',
    machine: endpointManager,
    effects: {
      tell: () => did.push('tell'),
      journalAssignment: () => did.push('journalAssignment'),
      answerCommand: () => did.push('answerCommand'),
      announce: () => did.push('announce'),
    },
    input: endpointManagerInput,
    ...(snapshot === undefined ? {} : { snapshot }),
  })
  const only = () => stage.actors()[0] ?? assert.fail('nobody is there')
  return { stage, entrance, timers, did, lost, only }
}

test('an endpoint manager that is replaced while it writes hears the answer, and keeps its deadline', async () => {
  const { stage, entrance, timers, did, only } = opened()
  stage.start(entrance())
  const [dueMs] = timers.values()
  stage.replace(entrance(stage.persisted('endpoint-manager')), { first: [], keeps: () => true })
  assert.deepEqual([only().value, [...timers.values()]], ['assigning', [dueMs]])
  stage.post('endpoint-manager', {
    type: 'assignment.journaled',
    write: 1,
    epoch: epoch(1),
  } as never)
  await turn()
  assert.equal(only().value, 'probation')
  assert.deepEqual(did, ['journalAssignment', 'tell', 'announce'])
})

test('what waited for the former life is handed to the new one, or is a dead letter', async () => {
  for (const waiting of ['kept', 'dropped'] as const) {
    const { stage, entrance, lost, only } = opened()
    stage.start(entrance())
    stage.post('endpoint-manager', {
      type: 'assignment.journaled',
      write: 1,
      epoch: epoch(1),
    } as never)
    await turn()
    stage.post('endpoint-manager', {
      type: 'endpoint.commanded',
      commandId: 'k',
      url: urls.b,
      reason: 'r',
    } as never)
    stage.replace(entrance(stage.persisted('endpoint-manager')), {
      first: [],
      keeps: () => waiting === 'kept',
    })
    await turn()
    assert.equal(only().value, waiting === 'kept' ? 'assigning' : 'probation')
    assert.deepEqual(lost, waiting === 'kept' ? [] : ['endpoint.commanded'])
    assert.equal(only().taken, waiting === 'kept' ? 2 : 1)
  }
})
