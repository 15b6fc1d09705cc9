import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { WebSocket } from 'ws'
import { openInspection } from '../../../../pipeline/inspection/inspection.ts'
import type { StageWatcher } from '../../../../pipeline/stage-watch.ts'
import { instant } from '../../../../schemas/brand.ts'
import { lines, log } from '../call-admin.ts'
import { handMade } from '../hand-made.ts'

const floodMs = 5
const floodEvents = 200

/** An inspection of actors that do much, by large messages. */
const opened = async (slowMsMax: number) => {
  const watchers = new Set<StageWatcher>()
  const { observed, told } = handMade({
    follow: (watcher) => {
      const at = { atMs: instant(1), actor: 'cache', machine: 'cache' }
      watcher({ type: 'actor.present', ...at, value: 'open', context: {} })
      watchers.add(watcher)
      return () => void watchers.delete(watcher)
    },
  })
  let count = 0
  const large = Object.fromEntries(
    Array.from({ length: 40 }, (_, index) => [`k${index}`, 'x'.repeat(1_000)]),
  )
  const flood = setInterval(() => {
    for (const watcher of watchers)
      for (let events = 0; events < floodEvents; events += 1) {
        count += 1
        const message = { type: 'go', large }
        const base = { atMs: instant(1), actor: 'cache', machine: 'cache', message }
        const numbered = { ...base, messageId: String(count) }
        watcher({ type: 'message.taken', ...numbered, source: null, causationId: null })
        watcher({ type: 'actor.stepped', ...numbered, from: 'open', to: 'full', context: large })
      }
  }, floodMs)
  const inspection = openInspection(observed, { log, slowMsMax })
  const server = createServer()
  server.on('upgrade', inspection.admit)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `ws://127.0.0.1:${port}`,
    inspection,
    watchers,
    told,
    close: () => {
      clearInterval(flood)
      inspection.close()
      server.close()
    },
  }
}

test('an inspector that does not read is shown a part, and then cut off; another goes on', async () => {
  const { url, watchers, told, close } = await opened(1_000)
  try {
    const slow = new WebSocket(url)
    const quick = new WebSocket(url)
    let seen = 0
    quick.on('message', () => {
      seen += 1
    })
    await Promise.all([once(slow, 'open'), once(quick, 'open')])
    slow.pause()
    const isCutOff = (): boolean => lines.some((line) => line.includes('inspector.cutOff'))
    while (!isCutOff()) await once(quick, 'message')
    const before = seen
    while (seen === before) await once(quick, 'message')
    assert.equal(watchers.size, 1)
    slow.terminate()
    quick.close()
    await once(quick, 'close')
    while (watchers.size > 0) await new Promise((resolve) => setImmediate(resolve))
    assert.ok(told.some((it) => typeof it === 'object' && it !== null && 'unshown' in it))
  } finally {
    close()
  }
})

test('so many inspectors may look on, and no more', async () => {
  const { url, inspection, close } = await opened(60_000)
  const inspectors: WebSocket[] = []
  try {
    while (inspection.hasRoom() && inspectors.length < 100) {
      const inspector = new WebSocket(url)
      inspectors.push(inspector)
      await once(inspector, 'open')
    }
    assert.equal(inspectors.length, 8)
    inspectors[0]?.close()
    while (!inspection.hasRoom()) await new Promise((resolve) => setImmediate(resolve))
  } finally {
    for (const inspector of inspectors) inspector.terminate()
    close()
  }
})
