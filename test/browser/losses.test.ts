/** The console over ten thousand losses of a thousand streams: it stays quick, and each can be found. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import type { Browser } from 'playwright-core'
import {
  type HoldfastProcess,
  startHoldfast,
  until,
  workspace,
} from '../support/holdfast-process.ts'
import { openLoad } from '../support/load.ts'
import { openSink } from '../support/sink.ts'
import { assertAccessible, assertFits, desktop, openBrowser, openPage, picture } from './browser.ts'
import { executablePath, sayLeftOut } from './chromium.ts'

const streamCount = 1_000
const eventsMin = 10_000
/** Elements of a page that shows little at a time; ten thousand rows would be far more. */
const elementsMax = 3_000
const phone = { width: 390, height: 844, colours: 'dark' } as const

const manyLosses = (): void => {
  const folder = workspace()
  let browser: Browser
  let holdfast: HoldfastProcess & AsyncDisposable
  type Timeline = { readonly events: number; readonly records: number }
  const lost = (): Promise<Timeline> => holdfast.get<Timeline>('/api/v1/drops/timeline')

  before(async () => {
    browser = await openBrowser()
    const sink = await openSink()
    await sink.close()
    holdfast = await startHoldfast((await folder).path, {
      endpoint: { url: sink.url },
      cache: {
        capacity: '4MiB',
        priorities: [{ match: { service: 'service-00*' }, class: 'high' }],
      },
      batch: { max_bytes: '64KiB' },
      dispatch: { backoff: { initial: '1s', max: '5s' } },
    })
    const streams = Array.from({ length: streamCount }, (_, index) => ({
      tenant: `tenant-${index % 20}`,
      service: `service-${String(index).padStart(4, '0')}`,
    }))
    const load = openLoad({ streams, recordsPerRequest: 2, recordBytes: 200 })
    let events = 0
    const look = setInterval(async () => {
      events = (await lost()).events
    }, 1_000)
    await load.send({ to: () => holdfast.otlp, connections: 16, goOn: () => events < eventsMin })
    clearInterval(look)
    await load.close()
  })
  after(async () => {
    await browser.close()
    await holdfast[Symbol.asyncDispose]()
    await (await folder)[Symbol.asyncDispose]()
  })

  test('counts them all, shows some, and opens the exact range of any', async (t) => {
    const { events } = await until(lost, (seen) => seen.events >= eventsMin)
    const url = `${holdfast.admin}/#/losses?span=1h`
    const { page: tab, complaints } = await openPage(t, browser, { url })
    const list = tab.getByRole('list', { name: 'Drop events' })
    await list.getByRole('button').first().waitFor()
    const total = Number(await list.locator('.virtual-row').first().getAttribute('aria-setsize'))
    assert.ok(total >= events, `${total} of ${events}`)
    const elements = Number(await tab.evaluate('document.querySelectorAll("*").length'))
    assert.ok(elements < elementsMax, `${elements} elements`)
    await picture(tab, 'many-losses')
    await assertAccessible(tab, 'many losses')

    const dialog = tab.getByRole('dialog')
    const shown = async (name: string): Promise<string | null> =>
      dialog.locator('.exact div', { hasText: name }).locator('dd').first().textContent()
    const newest = await holdfast.get<{ drops: { id: string }[] }>(
      '/api/v1/drops?order=newest&limit=1',
    )
    await list.getByRole('button').first().click()
    assert.equal(await shown('Event'), newest.drops[0]?.id)
    await tab.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })

    const of = async (): Promise<string | null> =>
      list.locator('.virtual-row').last().getAttribute('aria-posinset')
    for (let page = 1; page <= 3; page += 1) {
      await list.hover()
      await tab.mouse.wheel(0, 8_000)
      await until(of, (position) => Number(position) > page * 140)
    }
    await list.getByRole('button').nth(8).click()
    const id = await shown('Event')
    const { drops } = await holdfast.get<{
      drops: { id: string; firstSeq: number; lastSeq: number }[]
    }>(`/api/v1/drops?limit=1&cursor=${justBefore(id ?? '')}`)
    assert.deepEqual(drops[0]?.id, id)
    assert.equal(await shown('First number'), String(drops[0]?.firstSeq))
    assert.equal(await shown('Last number'), String(drops[0]?.lastSeq))
    await picture(tab, 'drop-detail')
    await assertAccessible(tab, 'a drop event')
    assert.deepEqual(complaints, [])
  })

  test('narrows them to a tenant and to a time, by keyboard too', async (t) => {
    const url = `${holdfast.admin}/#/losses?span=1h`
    const { page } = await openPage(t, browser, { url })
    await page.getByLabel('Tenant').fill('tenant-7')
    await page.getByLabel('Tenant').press('Enter')
    await page.locator('.event').getByText('of tenant-7').first().waitFor()
    await page
      .locator('.event')
      .getByText('of tenant-8', { exact: true })
      .waitFor({ state: 'detached' })
    assert.match(page.url(), /tenant=tenant-7/)
    await page.locator('.bar.filled').first().focus()
    await page.keyboard.press('Enter')
    await page.getByText(/^Events from/).waitFor()
    assert.match(page.url(), /at=/)
  })

  test('finds a stream among a thousand, and goes through them in pages', async (t) => {
    const { page, complaints } = await openPage(t, browser, { url: `${holdfast.admin}/#/streams` })
    await page.getByText('1,000 streams').waitFor()
    assert.equal(await page.locator('tbody tr').count(), 50)
    await picture(page, 'many-streams')
    await page.getByRole('button', { name: 'Next' }).click()
    await page.getByText('51–100 of 1,000').waitFor()
    await page.getByRole('button', { name: 'Dropped' }).click()
    await page.locator('th[aria-sort=descending]', { hasText: 'Dropped' }).waitFor()
    await page.getByLabel('Search').fill('tenant-7 0427')
    await page.getByText('1 stream', { exact: true }).waitFor()
    assert.match((await page.locator('tbody tr').textContent()) ?? '', /service-0427/)
    assert.deepEqual(complaints, [])
  })

  test('shows a full ring, what goes next, and the hours that are incomplete', async (t) => {
    const { page } = await openPage(t, browser, { url: `${holdfast.admin}/#/cache` })
    await page.locator('.ring .slot').first().waitFor()
    await page.locator('.next-out').waitFor()
    await page.getByText('goes next').first().waitFor()
    await picture(page, 'full-ring')
    await page.goto(`${holdfast.admin}/#/completeness`)
    await page.locator('.calendar').waitFor()
    await picture(page, 'calendar')
  })

  for (const [name, look] of Object.entries({ desktop, phone }))
    test(`is sound on a ${name}`, async (t) => {
      const { page } = await openPage(t, browser, { url: `${holdfast.admin}/#/overview`, look })
      await page.locator('.timeline').waitFor()
      await assertAccessible(page, name)
      await assertFits(page, name)
      await picture(page, `losses-overview-${name}`)
      await page.goto(`${holdfast.admin}/#/losses?span=1h`)
      await page.locator('.event').first().waitFor()
      await assertAccessible(page, name)
      await assertFits(page, name)
      await picture(page, `losses-${name}`)
    })
}

/** Sorts just before an id: what follows it begins with that one. */
const justBefore = (id: string): string => {
  const last = id.slice(-1)
  return last === '0'
    ? id.slice(0, -1)
    : `${id.slice(0, -1)}${(Number.parseInt(last, 36) - 1).toString(36)}~`
}

if (executablePath === undefined) sayLeftOut()
else suite('the console over ten thousand losses', { timeout: 600_000 }, manyLosses)
