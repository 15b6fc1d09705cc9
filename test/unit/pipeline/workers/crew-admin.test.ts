/** The one admin API of several workers, with workers that answer as the test says. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { openLog } from '../../../../infra/telemetry/log.ts'
import type { Answer } from '../../../../pipeline/admin/answer.ts'
import { json, refusal } from '../../../../pipeline/admin/answer.ts'
import type { Asked, Crew } from '../../../../pipeline/workers/crew.ts'
import { openCrewAdmin } from '../../../../pipeline/workers/crew-admin.ts'
import type { Member, MemberState } from '../../../../pipeline/workers/member.ts'

type Told = { readonly worker: number } & Asked
type Behaviour = (asked: Told) => Answer

const log = openLog({ write: () => undefined, level: 'error', now: Date.now })

const crewOf = (
  states: readonly MemberState[],
  behave: Behaviour,
): Crew & { readonly asked: Told[]; readonly remembered: (Asked | null)[] } => {
  const asked: Told[] = []
  const remembered: (Asked | null)[] = []
  const members = states.map((state, worker) => ({
    worker,
    state: () => state,
    pid: () => 4_711 + worker,
    restarts: () => worker,
  }))
  return {
    asked,
    remembered,
    members: members as unknown as readonly Member[],
    ask: async ({ worker }, call) => {
      asked.push({ worker, ...call })
      const answer = states[worker] === 'up' ? behave({ worker, ...call }) : away
      return { ...answer, headers: { ...answer.headers }, worker }
    },
    remember: (suspension) => remembered.push(suspension),
    stop: async () => 0,
  }
}
const away = refusal({ status: 503, error: 'away', headers: { 'retry-after': '1' } })

const served = async (t: TestContext, crew: Crew, token: string | null = null) => {
  const listen = { host: '127.0.0.1', port: 0 }
  const admin = await openCrewAdmin({ listen, token, crew: () => crew, log })
  t.after(admin.close)
  return async (method: string, path: string, body?: object, headers = {}) => {
    const response = await fetch(`${admin.url}${path}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return { status: response.status, text: await response.text() }
  }
}

const assigned = ({ worker }: Told): Answer => json({ url: 'http://b', epoch: worker + 2 }, 202)

test('a command has happened once every worker has adopted it', async (t) => {
  const crew = crewOf(['up', 'up'], assigned)
  const call = await served(t, crew)
  const { status, text } = await call('PUT', '/api/v1/endpoint', { url: 'http://b' })
  assert.equal(status, 202)
  assert.deepEqual(JSON.parse(text), {
    url: 'http://b',
    epoch: 3,
    workers: [
      { worker: 0, epoch: 2 },
      { worker: 1, epoch: 3 },
    ],
  })
  // From the console of one of them, too.
  assert.equal((await call('POST', '/workers/1/api/v1/endpoint/pin', {})).status, 202)
  assert.deepEqual(
    crew.asked.map(({ worker, path }) => `${worker} ${path}`),
    [
      '0 /api/v1/endpoint',
      '1 /api/v1/endpoint',
      '0 /api/v1/endpoint/pin',
      '1 /api/v1/endpoint/pin',
    ],
  )
})

test('a command reaches nobody while a worker is away, which is named', async (t) => {
  const crew = crewOf(['up', 'waiting'], assigned)
  const call = await served(t, crew)
  const { status, text } = await call('PUT', '/api/v1/endpoint', { url: 'http://b' })
  assert.equal(status, 503)
  assert.match(text, /worker 1 is waiting; no worker was told/)
  assert.deepEqual(crew.asked, [])
})

test('the worker that has not adopted a command is named, and those that have', async (t) => {
  const busy = refusal({ status: 503, error: 'busy' })
  const crew = crewOf(['up', 'up'], (asked) => (asked.worker === 1 ? busy : assigned(asked)))
  const call = await served(t, crew)
  const { status, text } = await call('POST', '/api/v1/endpoint/pin', {})
  assert.equal(status, 503)
  assert.match(text, /not every worker has adopted it \(worker 1: busy\); adopted by: 0/)
  const wrong = crewOf(['up', 'up'], () => refusal({ status: 400, error: 'url is missing' }))
  const { status: refused, text: why } = await (await served(t, wrong))(
    'PUT',
    '/api/v1/endpoint',
    {},
  )
  assert.deepEqual([refused, why], [400, '{"error":"url is missing"}\n'])
})

test('a suspension is kept for workers that come back, until all are resumed', async (t) => {
  const crew = crewOf(['up', 'up'], () => json({}, 202))
  const call = await served(t, crew)
  await call('POST', '/api/v1/dispatch/suspend', { reason: 'tonight' })
  await call('POST', '/api/v1/dispatch/resume', {})
  assert.deepEqual(crew.remembered, [
    { method: 'POST', path: '/api/v1/dispatch/suspend', body: { reason: 'tonight' } },
    null,
  ])
})

test('half an account is none: while a worker is away, it is not told', async (t) => {
  const totals = { accepted: 1, delivered: 1, dropped: 0, pending: 0, refused: 0, unaccounted: 0 }
  const call = await served(
    t,
    crewOf(['up', 'starting'], () => json({ totals, streams: [] })),
  )
  assert.equal((await call('GET', '/api/v1/ledger')).status, 503)
  assert.equal((await call('GET', '/workers/0/api/v1/ledger')).status, 200)
  assert.equal((await call('GET', '/workers/2/api/v1/ledger')).status, 404)
  // As it is typed, without a slash.
  assert.equal((await call('GET', '/workers/0')).status, 200)
  const report = await call('GET', '/api/v1/report')
  assert.equal(report.status, 404)
  assert.match(report.text, /\/workers\/1\/api\/v1\/report/)
})

test('ready while one worker takes records, and alive while none that is up has broken down', async (t) => {
  const broken = json({ status: 'unavailable', reasons: [{ actor: 'cache', reason: 'full' }] }, 503)
  const fine = json({ status: 'ok', reasons: [] })
  const statusesOf = async (crew: Crew) => {
    const call = await served(t, crew)
    const [live, ready] = [await call('GET', '/livez'), await call('GET', '/readyz')]
    return [live.status, ready.status, JSON.parse(ready.text).status]
  }
  assert.deepEqual(await statusesOf(crewOf(['up', 'up'], () => fine)), [200, 200, 'ok'])
  assert.deepEqual(await statusesOf(crewOf(['up', 'waiting'], () => fine)), [200, 200, 'degraded'])
  const one = ({ worker }: Told) => (worker === 0 ? broken : fine)
  assert.deepEqual(await statusesOf(crewOf(['up', 'up'], one)), [503, 200, 'degraded'])
  assert.deepEqual(await statusesOf(crewOf(['up', 'waiting'], one)), [503, 503, 'unavailable'])
})

test('whoever has no token learns nothing, and the workers are not asked', async (t) => {
  const crew = crewOf(['up'], () => json({ reasons: [] }))
  const call = await served(t, crew, 'secret-token')
  for (const path of ['/api/v1/ledger', '/metrics', '/workers/0/api/v1/ledger'])
    assert.equal((await call('GET', path)).status, 401)
  assert.equal((await call('POST', '/api/v1/dispatch/suspend', {})).status, 401)
  assert.deepEqual(crew.asked, [])
  const headers = { authorization: 'Bearer secret-token' }
  assert.equal((await call('GET', '/api/v1/workers', undefined, headers)).status, 200)
  assert.equal((await call('GET', '/livez')).status, 200)
})

test('the page of all says how each worker fares, leads to its console, and runs no script', async (t) => {
  const call = await served(t, crewOf(['up', 'up', 'waiting'], assigned), 's3cret')
  const { status, text } = await call('GET', '/')
  assert.equal(status, 200)
  const rows = text.matchAll(/href="workers\/(\d)\/".*?<span>(.*?)<\/span><i.*?>(.*?)<\/i>/g)
  assert.deepEqual(
    [...rows].map(([, ...row]) => row),
    [
      ['0', '', 'Up'],
      ['1', 'started again once', 'Up'],
      ['2', 'started again 2 times', 'Away: it is started again'],
    ],
  )
  assert.ok(!text.includes('<script'))
})
