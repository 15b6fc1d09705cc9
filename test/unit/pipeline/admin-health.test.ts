import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { openMetricsPage } from '../../../pipeline/admin/metrics-page.ts'
import { openAdmin } from '../../../pipeline/admin/server.ts'
import { openStreamNames } from '../../../pipeline/admin/stream-names.ts'
import { call, lines, log, open } from './call-admin.ts'
import { handMade } from './hand-made.ts'

describe('the admin API with a token', () => {
  it('demands it for everything but the probes, and then takes any Host', async () => {
    const admin = await open({ observed: handMade().observed, token: 'hunter2' })
    try {
      const status = async (path: string, headers: Record<string, string>) =>
        (await call(admin, path, { headers })).status
      assert.equal(await status('/readyz', {}), 200)
      for (const path of ['/metrics', '/api/v1/ledger', '/nowhere']) {
        assert.equal(await status(path, {}), 401)
        assert.equal(await status(path, { authorization: 'Bearer hunter' }), 401)
        assert.equal(await status(path, { authorization: 'Basic hunter2' }), 401)
      }
      const headers = { authorization: 'Bearer hunter2', host: 'holdfast.example' }
      assert.equal(await status('/metrics', headers), 200)
    } finally {
      await admin.close()
    }
  })
})

describe('the admin API of a pipeline that is not well', () => {
  it('says by actor why it is neither live nor ready', async () => {
    const live = [{ actor: 'dispatcher', reason: 'it is stalled' }]
    const ready = [...live, { actor: 'cache', reason: 'it is full' }]
    const admin = await open({ observed: handMade({ health: () => ({ live, ready }) }).observed })
    try {
      const livez = await call(admin, '/livez')
      assert.deepEqual([livez.status, livez.json.reasons], [503, live])
      const readyz = await call(admin, '/readyz')
      assert.deepEqual([readyz.status, readyz.json.reasons], [503, ready])
    } finally {
      await admin.close()
    }
  })

  it('is live and not ready while the pipeline starts', async () => {
    const admin = await open({ observed: null })
    try {
      assert.equal((await call(admin, '/livez')).status, 200)
      assert.equal((await call(admin, '/readyz')).status, 503)
      assert.equal((await call(admin, '/api/v1/ledger')).status, 503)
    } finally {
      await admin.close()
    }
  })

  it('answers 500 for a fault of its own, logs it, and goes on', async () => {
    const broken = handMade({
      actors: () => {
        throw new Error('broken')
      },
    })
    const admin = await open({ observed: broken.observed })
    try {
      assert.equal((await call(admin, '/api/v1/actors')).status, 500)
      assert.ok(lines.some((line) => line.includes('"admin.failed"') && line.includes('broken')))
      assert.equal((await call(admin, '/api/v1/ledger')).status, 200)
    } finally {
      await admin.close()
    }
  })

  it('says which address it could not have', async () => {
    const admin = await open({ observed: null })
    try {
      const port = Number(new URL(admin.url).port)
      const listen = { host: '127.0.0.1', port }
      await assert.rejects(
        openAdmin({ listen, token: null, inspect: 'off', observed: () => null, log }),
        {
          message: `The admin API could not listen on 127.0.0.1:${port}; free the address or choose another admin.listen.`,
        },
      )
    } finally {
      await admin.close()
    }
  })
})

describe('the names of streams on the metrics page', () => {
  it('are bounded, and whoever came first keeps its own', () => {
    const names = openStreamNames({ tenantsMax: 2, streamsMax: 3 })
    const of = (tenant: string, service: string) =>
      Object.values(names({ tenant, service })).join('/')
    assert.deepEqual(
      [of('a', '1'), of('a', '2'), of('b', '1'), of('b', '2'), of('c', '1'), of('a', '1')],
      ['a/1', 'a/2', 'b/1', 'b/_other', '_other/_other', 'a/1'],
    )
  })

  it('are each there once, though there are more tenants than names, and one is called like the rest', () => {
    const { ledger } = handMade().observed
    const [stream] = ledger.streams()
    assert.ok(stream !== undefined)
    const tenants = ['_other', ...Array.from({ length: 150 }, (_, index) => `tenant-${index}`)]
    const streams = () => tenants.map((tenant) => ({ ...stream, tenant, service: '_other' }))
    const page = openMetricsPage()(handMade({ ledger: { ...ledger, streams } }).observed)
    const series = page
      .split('\n')
      .filter((line) => line.startsWith('holdfast_records_accepted_total'))
      .map((line) => line.split(' '))
    const names = series.map(([name]) => name)
    assert.deepEqual(names, [...new Set(names)])
    const sum = series.reduce((total, [, value]) => total + Number(value), 0)
    assert.equal(sum, stream.accepted * tenants.length)
  })
})
