import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { test } from 'node:test'
import { systemClock } from '../../../infra/clock/clock.ts'
import { instant } from '../../../schemas/brand.ts'

const inMs = (delayMs: number) => instant(systemClock.now() + delayMs)

test('what has arrived when a timer ends is read before the timer calls back', async () => {
  const server = createServer()
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const accepted = once(server, 'connection')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const [other] = await accepted
  const seen: string[] = []
  socket.on('data', () => seen.push('data'))
  const { promise: over, resolve } = Promise.withResolvers<void>()
  const keepsAlive = setTimeout(resolve, 30_000)
  systemClock.at(inMs(1), () => {
    seen.push('timer')
    resolve()
  })
  other.write('x')
  // Busy until long after the timer's end.
  for (const endMs = systemClock.now() + 50; systemClock.now() < endMs; );
  await over
  clearTimeout(keepsAlive)
  socket.destroy()
  other.destroy()
  server.close()
  assert.deepEqual(seen, ['data', 'timer'])
})

test('a timer that is called off by another of the same moment does not call back', async () => {
  const seen: string[] = []
  const { promise: over, resolve } = Promise.withResolvers<void>()
  const keepsAlive = setTimeout(resolve, 30_000)
  const at = inMs(5)
  systemClock.at(at, () => {
    seen.push('first')
    callOff()
    // Whoever else was to be called in this turn has been by then.
    setImmediate(resolve)
  })
  const callOff = systemClock.at(at, () => seen.push('second'))
  await over
  clearTimeout(keepsAlive)
  assert.deepEqual(seen, ['first'])
})

test('a timer calls back in a process in which nothing else happens', async () => {
  const server = createServer()
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { promise: over, resolve } = Promise.withResolvers<void>()
  // The next thing that happens here. Whoever waits for it is as late as it is.
  const somethingElse = setTimeout(resolve, 4_000)
  const startedMs = performance.now()
  systemClock.at(inMs(5), resolve)
  await over
  const tookMs = performance.now() - startedMs
  clearTimeout(somethingElse)
  server.close()
  assert.ok(tookMs < 2_000, `it took ${tookMs} ms`)
})
