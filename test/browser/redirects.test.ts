/** The console while the endpoint is changed again and again, sends in flight: what it is for. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type { Browser, Page } from 'playwright-core'
import { settledAccountOf } from '../support/account.ts'
import {
  type HoldfastProcess,
  startHoldfast,
  until,
  workspace,
} from '../support/holdfast-process.ts'
import { type Load, openLoad } from '../support/load.ts'
import { openSink, type Sink } from '../support/sink.ts'
import {
  assertAccessible,
  assertFits,
  desktop,
  type Look,
  openBrowser,
  openPage,
  picture,
} from './browser.ts'
import { executablePath, sayLeftOut } from './chromium.ts'

const looks: Readonly<Record<string, Look>> = {
  desktop,
  tablet: { width: 820, height: 1180, colours: 'dark' },
  phone: { width: 390, height: 844, colours: 'light' },
  night: { width: 1440, height: 900, colours: 'dark' },
}
const views = [
  'overview',
  'actors',
  'sequence',
  'cache',
  'losses',
  'completeness',
  'endpoint',
  'streams',
]

const consoleInAStorm = (): void => {
  const folder = workspace()
  let browser: Browser
  let holdfast: HoldfastProcess & AsyncDisposable
  let sinks: readonly Sink[]
  let load: Load
  let storm: Promise<unknown>
  let state: 'storm' | 'calm' = 'storm'

  before(async () => {
    browser = await openBrowser()
    sinks = await Promise.all([
      openSink({ behaviour: () => ({ kind: 'accept' }) }),
      openSink({ behaviour: () => ({ kind: 'accept', delayMs: 1_500 }) }),
    ])
    holdfast = await startHoldfast((await folder).path, {
      endpoint: { url: sinks[1]?.url },
      cache: { priorities: [{ match: { service: 'auth*' }, class: 'high' }] },
      dispatch: { attempt_timeout: '5s' },
    })
    load = openLoad({
      streams: ['acme', 'globex'].flatMap((tenant) =>
        ['auth', 'checkout', 'search'].map((service) => ({ tenant, service })),
      ),
      recordsPerRequest: 20,
      recordBytes: 400,
    })
    const goOn = (): boolean => state === 'storm'
    const redirects = async (): Promise<void> => {
      for (let turn = 0; goOn(); turn += 1) {
        await holdfast.redirect(sinks[turn % 2]?.url ?? '')
        await pause(turn % 2 === 0 ? 300 : 700)
      }
    }
    const sending = load.send({ to: () => holdfast.otlp, connections: 2, goOn, pauseMs: 40 })
    storm = Promise.all([redirects(), sending])
  })
  after(async () => {
    state = 'calm'
    await storm
    await browser.close()
    await holdfast[Symbol.asyncDispose]()
    await load.close()
    await Promise.all(sinks.map(({ close }) => close()))
    await (await folder)[Symbol.asyncDispose]()
  })

  const opened = (t: Parameters<typeof openPage>[0], view: string, look: Look = desktop) =>
    openPage(t, browser, { url: `${holdfast.admin}/#/${view}`, look })

  test('a redirect in flight is lit in the statechart, and said above every view', async (t) => {
    const { page, complaints } = await opened(t, 'actors')
    await page.locator('.state.is-redirectInFlight.lit').waitFor()
    await page.locator('.banner.redirect').waitFor()
    await page.locator('.feed .is-redirect').first().waitFor()
    const label = await page.locator('.statechart.of-dispatcher').getAttribute('aria-label')
    assert.match(label ?? '', /^Statechart of the dispatcher, which is /)
    await picture(page, 'redirect-in-flight')
    await page.goto(`${holdfast.admin}/#/streams`)
    await page.locator('.banner.redirect').waitFor()
    assert.deepEqual(complaints, [])
  })

  test('the statecharts have the states that the API knows, and the ways that were taken', async (t) => {
    const { page } = await opened(t, 'actors')
    await page.locator('.statechart.of-delivery .many').first().waitFor()
    // A straight arrow has no height, which Playwright takes for hidden.
    await page.locator('.statechart.of-delivery .arrow.warm').first().waitFor({ state: 'attached' })
    const { actors } = await holdfast.get<{ actors: { machine: string; value: string }[] }>(
      '/api/v1/actors',
    )
    for (const { machine, value } of actors)
      assert.equal(
        await page.locator(`.of-${machine} .is-${value}`).count(),
        1,
        `${machine} ${value}`,
      )
  })

  test('messages are drawn as they happen; each opens what led to it and what came of it', async (t) => {
    const { page, complaints } = await opened(t, 'sequence')
    const chain = async (): Promise<readonly string[]> => {
      // Not a click of the mouse: what is chosen moves on meanwhile.
      await page.locator('.step a', { hasText: 'send.ended' }).last().dispatchEvent('click')
      await page.getByText('What led to send.ended').waitFor()
      const told = (await page.locator('.step .what').allTextContents()).map((it) => it.trim())
      if (told.includes('attempt.answered')) return told
      // What led to the first ones was told before anybody watched.
      await page.getByRole('link', { name: 'All messages' }).click()
      await page.getByRole('button', { name: 'Go on' }).click()
      return told
    }
    const told = await until(chain, (it) => it.includes('attempt.answered'))
    assert.ok(told.includes('send.ended'), told.join(', '))
    assert.equal(await page.locator('.step.chosen').count(), 1)
    await picture(page, 'sequence-of-a-send')
    await page.getByRole('link', { name: 'All messages' }).click()
    await page.getByText('The last messages').waitFor()
    await page.getByRole('button', { name: 'Go on' }).click()
    await page.getByRole('button', { name: 'Hold the picture' }).waitFor()
    assert.deepEqual(complaints, [])
  })

  test('the account on the page balances while it moves', async (t) => {
    const { page } = await opened(t, 'overview')
    const numbers = async (): Promise<readonly number[]> => {
      const text = (await page.locator('.balance').textContent()) ?? ''
      return [...text.matchAll(/[\d,]+/g)].map(([it]) => Number(it.replaceAll(',', '')))
    }
    await page.locator('.balance').waitFor()
    const first = await numbers()
    await until(numbers, (now) => (now[0] ?? 0) > (first[0] ?? 0))
    for (let look = 0; look < 5; look += 1) {
      const [accepted = 0, delivered = 0, dropped = 0, held = 0, unaccounted] = await numbers()
      assert.equal(accepted, delivered + dropped + held)
      assert.equal(unaccounted, 0)
      await pause(300)
    }
    await page.locator('.flow-stream.accepted.runs').waitFor()
  })

  for (const [name, look] of Object.entries(looks))
    test(`each view is sound on a ${name}: nothing serious by axe, and nothing sticks out`, async (t) => {
      const { page, complaints } = await opened(t, 'overview', look)
      for (const view of views) {
        await page.goto(`${holdfast.admin}/#/${view}`)
        await ready(page, view)
        await assertAccessible(page, `${view} on a ${name}`)
        await assertFits(page, `${view} on a ${name}`)
        await picture(page, `${view}-${name}`)
      }
      assert.deepEqual(complaints, [])
    })

  /** The last of them: it ends the storm, and what it asks is what the storm came to. */
  const stillAfterAll = async (t: Parameters<typeof openPage>[0]): Promise<void> => {
    const { page, complaints } = await opened(t, 'actors')
    const lit = page.locator('.state.is-redirectInFlight.lit')
    // From now on what is sent to the second endpoint hangs until its attempt is given up.
    sinks[1]?.behave(() => ({ kind: 'hang' }))
    await holdfast.redirect(sinks[1]?.url ?? '')
    await lit.waitFor()
    await picture(page, 'redirect-while-a-send-hangs')
    state = 'calm'
    await storm
    await holdfast.redirect(sinks[0]?.url ?? '')
    await lit.waitFor({ state: 'detached' })
    await page.locator('.banner.redirect.past').waitFor()
    const { totals } = await settledAccountOf(holdfast)
    assert.deepEqual([totals.delivered, totals.dropped], [totals.accepted, 0])
    await picture(page, 'redirect-is-over')
    await page.goto(`${holdfast.admin}/#/losses?span=1h`)
    await page.getByText('Nothing was lost.').waitFor()
    assert.equal(await page.locator('.timeline').count(), 0)
    assert.deepEqual(complaints, [])
  }

  test('the whole of it can be reached by keyboard', async (t) => {
    const { page } = await opened(t, 'overview')
    await page.locator('.balance').waitFor()
    await page.keyboard.press('Tab')
    assert.equal(await focused(page), 'Skip to the content')
    const reached = new Set<string>()
    for (let step = 0; step < 60; step += 1) {
      await page.keyboard.press('Tab')
      reached.add(await focused(page))
    }
    for (const name of [
      'Overview',
      'Sequence',
      'Losses',
      'Streams',
      'Statecharts',
      'History and control',
    ])
      assert.ok(reached.has(name), `${name}, of ${[...reached].join(', ')}`)
    await page.getByRole('link', { name: 'Endpoint', exact: true }).focus()
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Redirect…' }).focus()
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    // The browser gives the focus back in its own time; the page's policy lets nobody wait in the page.
    await until(
      () => focused(page),
      (text) => text === 'Redirect…',
    )
  })

  test('a redirect past a send that hangs is lit, then over, and nothing was lost', stillAfterAll)
}

/** What shows that the view has what it shows. */
const landmarks: Readonly<Record<string, string>> = {
  overview: '.balance',
  actors: '.statechart.of-sentinel',
  sequence: '.step .turn',
  cache: '.ring',
  losses: '.empty',
  completeness: '.calendar',
  endpoint: '.history',
  streams: 'tbody tr',
}
const ready = async (page: Page, view: string): Promise<void> => {
  await page
    .locator(landmarks[view] ?? '')
    .first()
    .waitFor()
}

const focused = async (page: Page): Promise<string> =>
  String(await page.evaluate('document.activeElement?.textContent?.trim() ?? ""'))

if (executablePath === undefined) sayLeftOut()
else suite('the console in a storm of redirects', { timeout: 600_000 }, consoleInAStorm)
