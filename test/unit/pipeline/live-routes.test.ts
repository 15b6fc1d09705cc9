/** What somebody who watches asks again and again. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Admin } from '../../../pipeline/admin/server.ts'
import type { RingSummary } from '../../../pipeline/ring-summary.ts'
import type { Transition } from '../../../pipeline/stage-watch.ts'
import { instant } from '../../../schemas/brand.ts'
import { call, open } from './call-admin.ts'
import { handMade } from './hand-made.ts'

const transition = (number: number, atMs: number, to: string): Transition => ({
  number,
  atMs: instant(atMs),
  actor: 'dispatcher',
  machine: 'dispatcher',
  from: 'sending',
  to,
  message: 'endpoint.assigned',
})
const actor = (machine: string, value: string, id = machine) => ({
  id,
  machine,
  value,
  sinceMs: 2_000,
  detail: '',
  healthy: true,
})

const ringElsewhere: RingSummary = {
  cache: 'cache/0',
  service: 'another',
  place: 'elsewhere',
  atMs: 4_000,
  bytes: 7,
  capacityBytes: 30,
  segments: 1,
  whenFull: 'refuse',
  oldestMs: instant(1_000),
  classes: [{ priority: 'low', bytes: 7, batches: 2, leased: 1 }],
  next: null,
}

describe('the pipeline at a glance', () => {
  let looked = 0
  const { observed } = handMade({
    actors: () => {
      looked += 1
      return [
        actor('dispatcher', 'redirectInFlight'),
        actor('delivery', 'attempting', 'send-1'),
        actor('delivery', 'attempting', 'send-2'),
        actor('delivery', 'recording', 'send-3'),
      ]
    },
    dispatching: () => ({ intent: 'run', sends: 3, waiting: 1, failures: 2, retryAtMs: 60_000 }),
    transitions: () => [transition(7, 2_000, 'idle'), transition(8, 2_000, 'redirectInFlight')],
    stalls: () => [
      {
        atMs: 3_000,
        subject: 'sends',
        actor: 'dispatcher',
        kind: 'stalled',
        stalledMs: 11_000,
        records: 5,
        symptom: 'no attempt has ended',
        detail: null,
      },
    ],
    rings: () => ({ rings: [ringElsewhere], missing: ['cache/1'] }),
    ring: () => ({
      cache: 'cache',
      capacityBytes: 22,
      whenFull: 'overwrite_oldest',
      segmentCount: 1,
      slots: [
        {
          id: 4,
          segments: 1,
          priority: 'low',
          bytes: 11,
          batches: 2,
          leased: 0,
          state: 'open',
          oldestMs: 1_000,
          isNext: true,
        },
      ],
    }),
  })
  let admin: Admin
  before(async () => {
    admin = await open({ observed })
  })
  after(() => admin.close())
  const got = async (path: string): Promise<Record<string, unknown>> =>
    JSON.parse((await call(admin, path)).text)

  it('names the actors, and counts the sends by their state', async () => {
    const glance = await got('/api/v1/live')
    assert.deepEqual(glance['deliveries'], { attempting: 2, recording: 1 })
    assert.deepEqual(
      (glance['actors'] as { id: string; value: string }[]).map(({ id, value }) => [id, value]),
      [['dispatcher', 'redirectInFlight']],
    )
    assert.deepEqual(glance['totals'], observed.ledger.totals())
    assert.deepEqual(glance['dispatch'], {
      intent: 'run',
      sends: 3,
      waiting: 1,
      failures: 2,
      retryAt: '1970-01-01T00:01:00.000Z',
    })
    assert.equal(glance['stalls'], 1)
  })

  it('has the changes of state behind a number, and all that are known unless told', async () => {
    const statesOf = async (path: string): Promise<readonly string[]> =>
      ((await got(path))['transitions'] as { to: string }[]).map(({ to }) => to)
    assert.deepEqual(await statesOf('/api/v1/live'), ['idle', 'redirectInFlight'])
    assert.deepEqual(await statesOf('/api/v1/live?after=7'), ['redirectInFlight'])
    assert.deepEqual(await statesOf('/api/v1/live?after=8'), [])
  })

  it('is worked out once for all who look in the same moment', async () => {
    looked = 0
    await Promise.all(Array.from({ length: 20 }, () => got('/api/v1/live')))
    assert.ok(looked <= 3, `${looked} times`)
  })

  it('shows the rings of other services, and counts what they hold to the cache', async () => {
    const { rings, missing } = (await got('/api/v1/rings')) as Record<string, object[]>
    assert.deepEqual(missing, ['cache/1'])
    const { oldestMs: _, atMs: __, ...ring } = ringElsewhere
    assert.deepEqual(rings, [
      { ...ring, oldest: '1970-01-01T00:00:01.000Z', at: '1970-01-01T00:00:04.000Z' },
    ])
    const { cache } = (await got('/api/v1/live')) as { cache: Record<string, number> }
    assert.deepEqual([cache['bytes'], cache['capacityBytes']], [7, 30])
  })

  it('shows the ring and the stalls with their times as ISO 8601', async () => {
    const { ring } = (await got('/api/v1/ring')) as { ring: { slots: { oldest: string }[] } }
    assert.equal(ring.slots[0]?.oldest, '1970-01-01T00:00:01.000Z')
    const { stalls } = (await got('/api/v1/stalls')) as { stalls: { at: string; kind: string }[] }
    assert.deepEqual([stalls[0]?.at, stalls[0]?.kind], ['1970-01-01T00:00:03.000Z', 'stalled'])
  })

  it('says that there is no ring once the cache has stopped', async () => {
    const stopped = await open({ observed: handMade().observed })
    assert.deepEqual((await call(stopped, '/api/v1/ring')).json, { ring: null })
    await stopped.close()
  })
})
