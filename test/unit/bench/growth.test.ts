import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { growthText, linesOf } from '../../bench/growth-report.ts'
import type { Step, Trial } from '../../bench/growth-trials.ts'
import { linesPicture } from '../../bench/lines-picture.ts'
import { relayWithin } from '../../bench/subject.ts'
import { until, workspace } from '../../support/holdfast-process.ts'

const step = (at: number, cpuSecondsPerMillion: number): Step => ({
  at,
  cpuSecondsPerMillion,
  userSecondsPerMillion: cpuSecondsPerMillion - 0.5,
  residentMegabytes: 200,
})
const trial = (subject: string, costs: readonly number[]): Trial => ({
  growth: 'held',
  subject,
  steps: costs.map((cost, index) => step(index + 1, cost)),
})

test('each step has the median of its rounds and their range, whatever the order they came in', () => {
  const lines = linesOf([
    trial('relay', [1, 1, 1]),
    trial('holdfast', [2, 3, 4]),
    trial('holdfast', [2.2, 2, 9]),
    trial('holdfast', [1.8, 2.5, 2]),
  ])
  const [holdfast, relay] = lines
  assert.deepEqual(
    holdfast?.points.map(({ cpuSecondsPerMillion }) => cpuSecondsPerMillion),
    [
      { median: 2, least: 1.8, most: 2.2 },
      { median: 2.5, least: 2, most: 3 },
      { median: 4, least: 2, most: 9 },
    ],
  )
  assert.equal(holdfast?.points[0]?.systemSecondsPerMillion.median, 0.5)
  assert.partialDeepStrictEqual(holdfast, { trials: 3, spread: 2, rise: 2 })
  assert.partialDeepStrictEqual(relay, { trials: 1, spread: 1, rise: 1 })
  assert.match(growthText(lines), /holdfast: the dearest step costs 2 × the cheapest/)
  assert.equal(linesPicture(lines).match(/<polyline/g)?.length, 4)
})

test('rounds of different lengths are not taken together', () => {
  assert.throws(
    () => linesOf([trial('relay', [1, 2]), trial('relay', [1])]),
    /2 and 1 steps cannot be joined/,
  )
})

const post = async (url: string, body: Buffer<ArrayBuffer>): Promise<void> => {
  const answer = await fetch(`${url}/v1/logs`, { method: 'POST', body })
  assert.equal(answer.status, 200)
}
const body = Buffer.alloc(3_000, 7)

test('a relay within bounds keeps so many files and no more while nobody listens', async () => {
  await using folder = await workspace()
  const subject = relayWithin({ segmentBytes: 5_000, segmentsMax: 3 })
  const relay = await subject.start({ folder: folder.path, sinkUrl: 'http://127.0.0.1:1' })
  try {
    for (let count = 0; count < 20; count += 1) await post(relay.url, body)
    assert.deepEqual((await readdir(folder.path)).toSorted(), ['bodies-7', 'bodies-8', 'bodies-9'])
  } finally {
    await relay.stop()
  }
})

test('a relay within bounds sends all that it was given, and keeps no file of what it has sent', async () => {
  await using folder = await workspace()
  let arrivedBytes = 0
  const sink = createServer((request, response) => {
    request.on('data', (chunk: Buffer) => {
      arrivedBytes += chunk.length
    })
    request.on('end', () => response.end())
  })
  await once(sink.listen(0, '127.0.0.1'), 'listening')
  const { port } = sink.address() as AddressInfo
  const subject = relayWithin({ segmentBytes: 5_000, segmentsMax: 100 })
  const relay = await subject.start({ folder: folder.path, sinkUrl: `http://127.0.0.1:${port}` })
  try {
    for (let count = 0; count < 20; count += 1) await post(relay.url, body)
    await until(
      () => arrivedBytes,
      (bytes) => bytes === 20 * body.length,
    )
    await until(
      async () => (await readdir(folder.path)).length,
      (files) => files === 1,
    )
  } finally {
    await relay.stop()
    sink.closeAllConnections()
    sink.close()
  }
})
