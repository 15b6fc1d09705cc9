/** What an operator does in the console, and what it does when the process goes away. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import {
  type HoldfastProcess,
  startHoldfast,
  until,
  workspace,
} from '../support/holdfast-process.ts'
import { openSink, type Sink } from '../support/sink.ts'
import { assertAccessible, openBrowser, openPage, picture } from './browser.ts'
import { executablePath, sayLeftOut } from './chromium.ts'

const operator = (): void => {
  const folder = workspace()
  let browser: Browser
  let holdfast: HoldfastProcess & AsyncDisposable
  let sinks: readonly Sink[]
  before(async () => {
    browser = await openBrowser()
    sinks = await Promise.all([openSink(), openSink()])
    holdfast = await startHoldfast((await folder).path, { endpoint: { url: sinks[0]?.url } })
  })
  after(async () => {
    await browser.close()
    await holdfast[Symbol.asyncDispose]()
    await Promise.all(sinks.map(({ close }) => close()))
    await (await folder)[Symbol.asyncDispose]()
  })

  type Seen = { readonly url: string; readonly pinned: boolean; readonly epoch: number }
  const endpoint = (): Promise<Seen> => holdfast.get<Seen>('/api/v1/endpoint')
  const intent = async (): Promise<string> =>
    (await holdfast.get<{ dispatch: { intent: string } }>('/api/v1/live')).dispatch.intent
  const say = async (page: Page, button: string, confirm: string): Promise<void> => {
    await page.getByRole('button', { name: button }).click()
    await page.getByRole('dialog').getByRole('button', { name: confirm, exact: true }).click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
  }

  test('pauses and resumes sending, and is told so until it is over', async (t) => {
    const { page } = await openPage(t, browser, { url: `${holdfast.admin}/#/endpoint` })
    await page.getByRole('button', { name: 'Pause sending…' }).click()
    await assertAccessible(page, 'the dialog')
    await page.getByRole('button', { name: 'Cancel' }).click()
    assert.equal(await intent(), 'run')
    await say(page, 'Pause sending…', 'Pause sending')
    await page.getByText('Sending is paused', { exact: true }).waitFor()
    assert.equal(await intent(), 'suspend')
    await say(page, 'Resume sending…', 'Resume sending')
    await page.getByText('Sending is paused', { exact: true }).waitFor({ state: 'detached' })
    assert.equal(await intent(), 'run')
  })

  test('pins and unpins the endpoint', async (t) => {
    const { page } = await openPage(t, browser, { url: `${holdfast.admin}/#/endpoint` })
    await say(page, 'Pin…', 'Pin it')
    await until(endpoint, ({ pinned }) => pinned)
    await say(page, 'Unpin…', 'Unpin it')
    await until(endpoint, ({ pinned }) => !pinned)
  })

  test('redirects, with a reason that is in the history', async (t) => {
    const { page } = await openPage(t, browser, { url: `${holdfast.admin}/#/endpoint` })
    const url = sinks[1]?.url ?? ''
    await page.getByRole('button', { name: 'Redirect…' }).click()
    await page.getByLabel('New endpoint').fill(url)
    await page.getByLabel('Reason').fill('region A is <b>down</b>')
    await page.getByRole('dialog').getByRole('button', { name: 'Redirect', exact: true }).click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await page.getByText('by an operator: region A is <b>down</b>').waitFor()
    assert.equal((await endpoint()).url, url)
  })

  test('is told why a redirect is refused, and nothing has changed', async (t) => {
    const { page } = await openPage(t, browser, { url: `${holdfast.admin}/#/endpoint` })
    const before = await endpoint()
    await page.getByRole('button', { name: 'Redirect…' }).click()
    await page.getByLabel('New endpoint').fill('https://evil.example')
    await page.getByRole('dialog').getByRole('button', { name: 'Redirect', exact: true }).click()
    await page.getByRole('alert').getByText('is not in endpoint.redirects.allow').waitFor()
    assert.deepEqual(await endpoint(), before)
  })

  test('is asked for the token once, which is in no address', async (t) => {
    await using place = await workspace()
    await using guarded = await startHoldfast(place.path, {
      endpoint: { url: sinks[0]?.url },
      admin: { listen: '127.0.0.1:0', token: 'open-sesame' },
    })
    const { page, complaints } = await openPage(t, browser, { url: `${guarded.admin}/` })
    const asked: string[] = []
    page.on('request', (request) => asked.push(request.url()))
    await page.getByLabel('Admin token').fill('wrong')
    await page.getByRole('button', { name: 'Open the console' }).click()
    await page.getByText('That token is not the right one.').waitFor()
    await assertAccessible(page, 'the locked console')
    await picture(page, 'locked')
    await page.getByLabel('Admin token').fill('open-sesame')
    await page.getByRole('button', { name: 'Open the console' }).click()
    await page.locator('.balance').waitFor()
    await page.reload()
    await page.locator('.balance').waitFor()
    assert.ok(asked.length > 0)
    assert.ok(asked.every((url) => !url.includes('sesame')))
    assert.deepEqual(complaints, [])
  })

  test('is told since when the process does not answer, and goes on when it is back', async (t) => {
    await using place = await workspace()
    const first = await startHoldfast(place.path, { endpoint: { url: sinks[0]?.url } })
    const { page } = await openPage(t, browser, { url: `${first.admin}/` })
    await page.locator('.balance').waitFor()
    await first.kill('SIGKILL')
    await page.getByText(/The process does not answer since \d\d:\d\d:\d\d/).waitFor()
    await page.getByText(/No answer since/).waitFor()
    assert.ok(await page.locator('.balance').isVisible())
    await assertAccessible(page, 'the console without its process')
    await picture(page, 'disconnected')
    await using again = await startHoldfast(place.path, {
      endpoint: { url: sinks[0]?.url },
      admin: { listen: new URL(first.admin).host },
    })
    assert.equal(again.admin, first.admin)
    await page.locator('.pill.good').waitFor()
    await page.locator('.banner.bad').waitFor({ state: 'detached' })
  })
}

if (executablePath === undefined) sayLeftOut()
else suite('an operator at the console', { timeout: 600_000 }, operator)
