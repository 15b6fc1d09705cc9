import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  assigned,
  commanded,
  type EndpointManagerContext,
  initialContext,
} from '../../../actors/endpoint-manager/context.ts'
import type { EndpointManagerInput } from '../../../actors/endpoint-manager/protocol.ts'
import { resumption } from '../../../actors/endpoint-manager/resumption.ts'
import { epoch, instant } from '../../../schemas/brand.ts'
import type { Assignment } from '../../../schemas/messages.ts'

const input: EndpointManagerInput = {
  url: 'http://configured.example',
  allow: [],
  hopsMax: 5,
  commandsMax: 64,
  probationFailuresMax: 3,
  journalTimeoutMs: 10_000,
  historyMax: 100,
  hopTtlMs: 60_000,
  startedAtMs: instant(1_000),
}
const assignment = (number: number, host: string, by = 'operator'): Assignment => ({
  epoch: epoch(number),
  url: `http://${host}.example`,
  reason: `${host} it is`,
  by,
  atMs: instant(number),
})
const first = assignment(1, 'configured', 'configuration')
const second = assignment(2, 'second')
const third = assignment(3, 'third')
const command = ({ url, reason }: Assignment, commandId = 'command-1') => ({
  commandId,
  url,
  reason,
})
const proven: EndpointManagerContext = {
  ...assigned(initialContext(input), first),
  standing: 'proven',
}
const journal = (...assignments: readonly Assignment[]) => ({ input, assignments })

test('what was stored last is where it goes on, with the configuration of today', () => {
  const today = { ...input, hopsMax: 1 }
  const resumed = resumption(proven, { input: today, assignments: [first] })
  assert.equal(resumed?.value, 'active')
  assert.deepEqual(resumed.context, { ...proven, hopsMax: 1 })
  assert.equal(resumption({ ...proven, mode: 'pinned' }, journal(first))?.value, 'pinned')
  assert.equal(resumption({ ...proven, standing: 'unproven' }, journal(first))?.value, 'probation')
})

test('assignments that operators were told of, and that were stored no more, are taken over in order', () => {
  const resumed = resumption(proven, journal(first, second, third))
  assert.equal(resumed?.value, 'probation')
  const { current, history, lastGood } = resumed.context
  assert.deepEqual([current, history], [third, [first, second, third]])
  assert.equal(lastGood, first.url)
})

test('what was being written is never written again: it could undo a later command', () => {
  const writing = commanded(proven, command(second), instant(2))
  const queued = { ...writing, commands: [command(third, 'command-2')] }
  const kept = resumption(queued, journal(first, second, third))
  assert.deepEqual([kept?.context.current, kept?.context.writing], [third, null])
  assert.deepEqual([kept?.context.commands, kept?.unkept], [[], []])
  // Nobody was told of these. Who gave them to us by another way than a call may give them again.
  const lost = resumption(queued, journal(first))
  assert.deepEqual([lost?.context.current, lost?.context.writing], [first, null])
  assert.deepEqual(
    lost?.unkept.map(({ commandId }) => commandId),
    ['command-1', 'command-2'],
  )
})

test('the journal alone is enough; where it has nothing, there is nothing to go on with', () => {
  const resumed = resumption(undefined, journal(first, second))
  assert.deepEqual([resumed?.value, resumed?.context.current], ['probation', second])
  assert.equal(resumption(undefined, journal()), undefined)
  assert.equal(resumption(initialContext(input), journal()), undefined)
})
