import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Cast } from '../../../pipeline/cast.ts'
import type { AnyMessage, Entrance, Inheritance } from '../../../pipeline/entrance.ts'
import { openRestart } from '../../../pipeline/restart.ts'
import type { ActorView } from '../../../pipeline/stage.ts'
import { instant } from '../../../schemas/brand.ts'

const view = (machine: string, value: string, context: unknown, id = machine): ActorView => ({
  id,
  machine,
  value,
  sinceMs: instant(0),
  waiting: 0,
  untaken: 0,
  taken: 0,
  context,
})
const held = (id: string) => ({ batch: { id } })

/** A restart on a stage that only notes what it is told. */
const opened = (actors: readonly ActorView[]) => {
  const did: unknown[] = []
  const inherited: Inheritance[] = []
  const entering = (name: string) => ({ id: name }) as unknown as Entrance
  const cast: Cast = {
    collector: (producer) => entering(`collector as ${producer}`),
    dispatcher: () => entering('dispatcher'),
    endpointManager: (snapshot) => entering(`endpoint-manager from ${snapshot}`),
    abandon: ({ sendId, attempt }) => did.push(`abandon ${sendId}/${attempt}`),
  }
  const restart = openRestart({
    cast,
    stage: {
      actors: () => actors,
      post: (id, message) => did.push([id, message]),
      replace: ({ id }, inheritance) => {
        did.push(`replace ${id}`)
        inherited.push(inheritance)
      },
      end: (id) => did.push(`end ${id}`),
      persisted: () => 'as it was',
    },
    intake: { refuse: (appendId, { reason }) => did.push(`refuse ${appendId}: ${reason}`) },
    newProducer: () => 'another',
  })
  const keeps = (type: string): boolean => inherited[0]?.keeps({ type }) === true
  const first = (): readonly AnyMessage[] => inherited[0]?.first ?? []
  return { restart, did, keeps, first }
}

test('a dispatcher that is started anew gives up its sends, but for those whose ends are being kept', () => {
  const leases = ['a', 'b', 'c'].map((id) => ({ held: held(id) }))
  const { restart, did, keeps, first } = opened([
    view('dispatcher', 'sending', { intent: 'suspend' }),
    view('cache', 'open', { leases }),
    view('delivery', 'attempting', { held: [held('a')], attempt: 2 }, 's1'),
    view('delivery', 'recording', { held: [held('b')], attempt: 1 }, 's2'),
  ])
  assert.deepEqual(restart('dispatcher'), { kind: 'restarted' })
  const returned = { type: 'batches.returned', held: [held('a'), held('c')], reason: 'unsettled' }
  assert.deepEqual(did, ['end s1', 'abandon s1/2', 'replace dispatcher', ['cache', returned]])
  assert.deepEqual(
    first().map(({ type }) => type),
    ['dispatch.suspended'],
  )
  assert.deepEqual(
    ['dispatch.resumed', 'drain.requested', 'batches.leased', 'send.ended'].map(keeps),
    [true, true, false, false],
  )
})

test('a collector that is started anew is another producer, and answers for the open group', () => {
  const collector = view('collector', 'appending', { open: { appendId: 7 } })
  const { restart, did, keeps, first } = opened([collector, view('cache', 'appending', {})])
  restart('collector')
  assert.deepEqual(did, ['replace collector as another', 'refuse 7: overdue'])
  assert.deepEqual([first(), keeps('group.offered')], [[{ type: 'cache.opened' }], false])
  const full = opened([view('collector', 'accepting', { open: null }), view('cache', 'full', {})])
  full.restart('collector')
  assert.deepEqual([full.did, full.first()], [['replace collector as another'], []])
})

test('an endpoint manager goes on as it was, with all that it was asked', () => {
  const { restart, did, keeps } = opened([view('endpoint-manager', 'active', {})])
  restart('endpoint-manager')
  assert.deepEqual(did, ['replace endpoint-manager from as it was'])
  assert.equal(keeps('endpoint.commanded'), true)
})

test('what cannot be started anew by itself, or is going, is refused with the reason', () => {
  const { restart, did } = opened([
    view('cache', 'open', {}),
    view('dispatcher', 'draining', { intent: 'drain' }),
  ])
  assert.deepEqual(restart('cache'), {
    kind: 'refused',
    why: 'it cannot be started anew by itself',
  })
  assert.deepEqual(restart('dispatcher'), { kind: 'refused', why: 'it is shutting down' })
  assert.deepEqual(restart('collector'), { kind: 'refused', why: 'it has stopped' })
  assert.deepEqual(did, [])
})
