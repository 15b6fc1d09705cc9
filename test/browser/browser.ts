/** A real Chromium, where the machine has one, and what its tests share. */
import assert from 'node:assert/strict'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import axe from 'axe-core'
import { type Browser, chromium, type Page } from 'playwright-core'
import { buildConsole } from '../../pipeline/console/build/build.ts'
import { executablePath } from './chromium.ts'

/** Far longer than anything takes, on a machine that does a lot besides. */
const waitMsMax = 60_000

export const openBrowser = async (): Promise<Browser> => {
  assert.ok(executablePath !== undefined)
  await buildConsole()
  return chromium.launch({
    executablePath,
    // Chromium has no sandbox for root, which is who tests in a container are.
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
    timeout: waitMsMax,
  })
}

export type Opened = {
  readonly page: Page
  /** What the page complained of, and what it asked of others than its own server. */
  readonly complaints: readonly string[]
}
export type Look = {
  readonly width: number
  readonly height: number
  readonly colours: 'light' | 'dark'
}
export const desktop: Look = { width: 1440, height: 900, colours: 'light' }

/** A tab of its own, closed after the test. */
export const openPage = async (
  t: Pick<TestContext, 'after'>,
  browser: Browser,
  { url, look = desktop }: { readonly url: string; readonly look?: Look },
): Promise<Opened> => {
  const { width, height, colours } = look
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: colours,
    reducedMotion: 'reduce',
  })
  t.after(() => context.close())
  const page = await context.newPage()
  page.setDefaultTimeout(waitMsMax)
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('console', (message) => {
    // That a call was refused or not answered is said on the page; the browser says it once more.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      complaints.push(message.text())
  })
  const { origin } = new URL(url)
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== origin) complaints.push(`asked ${request.url()}`)
  })
  await page.goto(url)
  return { page, complaints }
}

type Finding = {
  readonly id: string
  readonly impact: string
  readonly help: string
  readonly nodes: readonly { readonly target: readonly string[] }[]
}

/** Nothing that keeps somebody out, by the rules of axe: WCAG 2.2 A and AA, and good practice. */
export const assertAccessible = async (page: Page, what: string): Promise<void> => {
  await page.evaluate(axe.source)
  const { violations } = (await page.evaluate(
    'axe.run(document, { resultTypes: ["violations"] })',
  )) as { readonly violations: readonly Finding[] }
  const serious = violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(
      ({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ target }) => target).join(' | ')}`,
    )
  assert.deepEqual(serious, [], what)
}

/** Nothing may stick out of the page to the right, on any screen. */
export const assertFits = async (page: Page, what: string): Promise<void> => {
  const excess = await page.evaluate(
    'document.documentElement.scrollWidth - document.documentElement.clientWidth',
  )
  assert.equal(excess, 0, `${what}: the page is ${excess} px too broad`)
}

/** Kept where `HOLDFAST_PICTURES` says, to be looked at; taken in any case. */
export const picture = async (page: Page, name: string): Promise<void> => {
  const { HOLDFAST_PICTURES: folder } = process.env
  if (folder !== undefined) await mkdir(folder, { recursive: true })
  const path = folder === undefined ? {} : { path: join(folder, `${name}.png`) }
  const bytes = await page.screenshot({ ...path, fullPage: true, animations: 'disabled' })
  assert.ok(bytes.length > 10_000, `${name} is blank`)
}
