/** The consoles of services over Kafka: the auditor's shows all shards, another's what it holds. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { until } from '../support/holdfast-process.ts'
import { openLoad } from '../support/load.ts'
import { openMemoryKafka } from '../support/memory-kafka.ts'
import { startRoles } from '../support/service-process.ts'
import { openSink } from '../support/sink.ts'
import { open } from '../unit/pipeline/call-admin.ts'
import { assertAccessible, assertFits, openBrowser, openPage, picture } from './browser.ts'
import { executablePath, sayLeftOut } from './chromium.ts'

const phone = { width: 390, height: 844, colours: 'dark' } as const

const consoles = (): void => {
  test('the auditor shows the rings of all shards and a redirect of any; a cache shows its own', async (t) => {
    await using opened = new AsyncDisposableStack()
    const browser = opened.adopt(await openBrowser(), (it) => it.close())
    const [hanging, other] = [await openSink(), await openSink()]
    for (const sink of [hanging, other]) opened.defer(() => sink.close())
    hanging.behave(() => ({ kind: 'hang' }))
    const kafka = openMemoryKafka(3)
    const settings = { endpoint: { url: hanging.url }, shutdown_timeout: '1s' }
    const started = async (...roles: Parameters<typeof startRoles>[1]) =>
      opened.adopt(await startRoles(kafka.client(), roles, settings), ({ stop }) => stop())
    const auditor = await started('auditor')
    const cache = await started('cache')
    await started('cache')
    const rest = await started('endpoint-manager', 'dispatcher', 'collector')
    const load = openLoad({
      streams: Array.from({ length: 9 }, (_, index) => ({ tenant: 'a', service: `s-${index}` })),
      recordsPerRequest: 10,
      recordBytes: 200,
    })
    opened.defer(() => load.close())
    const to = () => rest.sources['otlp_http'] ?? ''
    await load.send({ to, connections: 2, goOn: (requests) => requests < 18 })
    await until(
      () => rest.observed.dispatching()?.sends ?? 0,
      (sends) => sends > 0,
    )
    await rest.observed.command({ kind: 'set', url: other.url, reason: 'a test' })
    await until(
      () => rest.observed.endpoint().pending,
      (pending) => pending > 0,
    )
    const pageOf = async (of: typeof auditor, view: string, look = phone) => {
      const admin = opened.adopt(await open({ observed: of.observed }), ({ close }) => close())
      return openPage(t, browser, { url: `${admin.url}/#/${view}`, look })
    }

    const all = await pageOf(auditor, 'cache')
    await all.page.getByText('of all shards, held by 2 services').waitFor()
    assert.equal(await all.page.locator('.ring-tile').count(), 3)
    await all.page.locator('.banner.redirect').waitFor()
    await all.page.getByRole('button', { name: 'Shard 1' }).click()
    await all.page.getByText('shows each of its segments').waitFor()
    await assertAccessible(all.page, 'the rings of all shards')
    await assertFits(all.page, 'the rings of all shards')
    await picture(all.page, 'rings-of-all-shards')

    const own = await pageOf(cache, 'cache')
    await own.page.getByText('of this service; the console of the auditor has all').waitFor()
    await own.page.locator('.ring .track').waitFor()
    await own.page.goto(own.page.url().replace(/#.*/, '#/losses'))
    await own.page.getByText('This service keeps no account.').waitFor()
    await assertAccessible(own.page, 'a service without the account')
    assert.deepEqual([...all.complaints, ...own.complaints], [])
  })
}

if (executablePath === undefined) sayLeftOut()
else suite('the consoles of services', { timeout: 300_000 }, consoles)
