import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { openArrivals } from '../../../../infra/incident/arrivals.ts'
import { payloadOf, recordsPerPayload } from '../../../../infra/incident/load.ts'
import { startNaiveAgent } from '../../../../infra/incident/naive-agent.ts'
import { openOverwritingCache } from '../../../../infra/incident/overwriting-cache.ts'
import { openStagedEndpoint } from '../../../../infra/incident/staged-endpoint.ts'
import { until } from '../../../support/holdfast-process.ts'

const root = join(import.meta.dirname, '../../../..')
const agent = 'naive'

const stage = async (options: { threads: number; payloadsHeld: number }) => {
  const arrivals = openArrivals(Date.now)
  const [a, b] = [await openStagedEndpoint(arrivals), await openStagedEndpoint(arrivals)]
  const overwritten: number[] = []
  const cache = openOverwritingCache({
    bytesMax: payloadOf(0, 0).payload.length * (options.payloadsHeld + 0.5),
    onOverwritten: (records) => overwritten.push(records),
  })
  const warned: string[] = []
  const start = (url: string) =>
    startNaiveAgent({ ...options, url, cache, warn: (message) => warned.push(message) })
  let payloads = 0
  const collect = (count: number) => {
    for (let added = 0; added < count; added += 1, payloads += 1)
      cache.add(payloadOf(payloads * recordsPerPayload, Date.now()))
  }
  const arrived = (count: number) =>
    until(
      () => arrivals.of(agent).numbers.size,
      (size) => size === count * recordsPerPayload,
    )
  return { a, b, cache, start, collect, arrived, overwritten, warned }
}

describe('the naive agent', () => {
  it('delivers, tries again what fails, and follows one redirect at a time', async () => {
    const { a, b, start, collect, arrived, warned } = await stage({ threads: 3, payloadsHeld: 50 })
    const running = start(a.urlFor(agent))
    collect(5)
    await arrived(5)
    a.treat(agent, { kind: 'away' })
    collect(1)
    await until(
      () => warned.length,
      (count) => count > 0,
    )
    a.treat(agent, { kind: 'redirects', afterMs: 0, to: b.urlFor(agent) })
    await arrived(6)
    await running.redirect(a.urlFor(agent))
    a.treat(agent, { kind: 'takes', afterMs: 5 })
    collect(10)
    await arrived(16)
    for (const it of [running.kill, a.close, b.close]) await it()
  })

  it('deadlocks at two redirects in a row, overwrites without a word, and a restart cures it', async () => {
    const { a, b, cache, start, collect, arrived, ...seen } = await stage({
      threads: 2,
      payloadsHeld: 3,
    })
    a.treat(agent, { kind: 'redirects', afterMs: 200, to: b.urlFor(agent) })
    const stuck = start(a.urlFor(agent))
    collect(1)
    await until(
      () => a.aboutToRedirect(agent),
      (count) => count === 1,
    )
    void stuck.redirect(b.urlFor(agent))
    // The command, and the sender that was redirected by its answer: each waits for the other.
    await until(stuck.waiting, (count) => count === 2)
    collect(9)
    await until(stuck.waiting, (count) => count === 3)
    assert.deepEqual([seen.overwritten.length, seen.warned], [7, []])
    assert.equal(cache.heldRecords(), 3 * recordsPerPayload)
    await arrived(0)
    await stuck.kill()
    cache.reopen()
    const restarted = start(b.urlFor(agent))
    await arrived(3)
    for (const it of [restarted.kill, a.close, b.close]) await it()
  })

  it('is touched by the replay of the incident alone', () => {
    const importers = globSync('{schemas,actors,infra,pipeline}/**/*.ts', { cwd: root })
      .filter((path) => !path.startsWith('infra/incident/'))
      .filter((path) => /from '[^']*infra\/incident\//.test(readFileSync(join(root, path), 'utf8')))
    assert.ok(importers.length > 0)
    assert.deepEqual(
      importers.filter((path) => !path.startsWith('pipeline/incident/')),
      [],
    )
    const inside = globSync('{actors,infra,pipeline}/**/*.ts', { cwd: root })
      .filter((path) =>
        /(from|import\() ?'\.\.?\/(\w+\/)*incident\//.test(readFileSync(join(root, path), 'utf8')),
      )
      .filter((path) => !path.startsWith('infra/incident/'))
    assert.deepEqual(inside, ['pipeline/commands/incident.ts'])
  })
})
