import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Alarm } from '../../../../infra/ledger/alarm.ts'
import type { Unstored } from '../../../../infra/ring/record-log.ts'
import { batchId } from '../../../../schemas/brand.ts'
import type { Held } from '../../../../schemas/messages.ts'
import { type FaultyDisk, openFaultyDisk } from '../../../support/faulty-disk.ts'
import { type Body, type BodyOptions, openBody, unstored } from './body.ts'
import { at, fateOf } from './life.ts'

const segmentBytes = 900

/** Batches of four records of two streams, in turns, a few in a segment. */
const accept = async ({ log, ledger }: Body, indexes: readonly number[]) => {
  const all: Held[] = []
  for (const index of indexes) {
    const { held } = await log.append([unstored(index)])
    ledger.appended(held)
    all.push(...held)
  }
  return all
}
const renamed = ({ batch, payload }: Unstored, service: string): Unstored => ({
  batch: { ...batch, service, id: batchId({ ...batch, service }) },
  payload,
})
const end = ({ ledger }: Body, held: readonly Held[]) =>
  ledger.recordFates(
    held.map((it) => fateOf(it)),
    at(1),
  )
const note = ({ ledger }: Body) => ledger.note(() => true)
const fileOf = (disk: FaultyDisk, segment: number): string =>
  disk.paths().find((path) => path.includes(`segment-${String(segment).padStart(12, '0')}`)) ??
  assert.fail(`There is no segment ${segment}.`)
const lostIn = async ({ ledger }: Body): Promise<readonly string[]> =>
  (await ledger.drops({ limit: 1_000 })).drops
    .map(({ service, firstSeq, lastSeq, reason }) => `${service} ${firstSeq}-${lastSeq} ${reason}`)
    .sort()

/** Restarts, then twice more, with and without a checkpoint between: what was found stays as it is. */
const assertFound = async (
  disk: FaultyDisk,
  wanted: { readonly lost: readonly string[]; readonly accepted: number },
): Promise<Body> => {
  const alarms: Alarm[] = []
  const reports: string[] = []
  const options: BodyOptions = {
    segmentBytes,
    alarm: (alarm) => alarms.push(alarm),
    report: (detail) => reports.push(detail),
  }
  let body = await openBody(disk, options)
  for (const next of ['again', 'checkpointed', 'last'] as const) {
    assert.deepEqual(await lostIn(body), wanted.lost)
    const { accepted, unaccounted } = body.ledger.totals()
    assert.deepEqual({ accepted, unaccounted }, { accepted: wanted.accepted, unaccounted: 0 })
    const isLoss = wanted.lost.length > 0
    assert.deepEqual([alarms.length, reports.length], isLoss ? [1, 0] : [0, 1])
    if (next === 'last') break
    if (next === 'checkpointed') await body.checkpoint()
    await body.close()
    body = await openBody(disk, options)
  }
  return body
}

for (const stop of ['killed', 'stopped'] as const)
  test(`a segment file that goes after the process was ${stop} is drop events, less what had ended`, async () => {
    const disk = openFaultyDisk({ seed: 1 })
    const first = await openBody(disk, { segmentBytes })
    const held = await accept(first, [0, 1, 2, 3, 4, 5, 6])
    const segment = held[3]?.at.segment ?? 0
    const inIt = held.filter((it) => it.at.segment === segment)
    assert.equal(inIt.length, 4)
    await end(first, inIt.slice(1, 2))
    await note(first)
    if (stop === 'stopped') await first.checkpoint()
    await first.close()
    await disk.unlink(fileOf(disk, segment))
    const lost = ['s0 0-7 cache_corrupt', 's1 4-7 cache_corrupt']
    const body = await assertFound(disk, { accepted: 28, lost })
    const { delivered, dropped, pending } = body.ledger.totals()
    assert.deepEqual([delivered, dropped, pending], [4, 12, 12])
  })

test('a segment file that is cut loses what was behind, and keeps what was in front', async () => {
  const disk = openFaultyDisk({ seed: 1 })
  const first = await openBody(disk, { segmentBytes })
  const held = await accept(first, [0, 1, 2])
  const [, second, third] = held
  assert.equal(held[0]?.at.segment, third?.at.segment)
  await note(first)
  await first.close()
  const file = await disk.open(fileOf(disk, second?.at.segment ?? 0), 'update')
  await file.truncate((second?.at.offset ?? 0) + 10)
  await file.close()
  const body = await assertFound(disk, {
    accepted: 12,
    lost: ['s0 4-7 cache_corrupt', 's1 0-3 cache_corrupt'],
  })
  assert.equal(body.ledger.totals().pending, 4)
  const [left] = (await Promise.all(body.segments.map(body.log.unended))).flat()
  await end(body, left === undefined ? [] : [left])
  await body.ledger.recordRetirement(left?.at.segment ?? 0)
  assert.equal(body.ledger.totals().unaccounted, 0)
})

test('what ended before it was noted is known by its end, and is no loss when its file goes', async () => {
  const disk = openFaultyDisk({ seed: 1 })
  const first = await openBody(disk, { segmentBytes })
  const held = await accept(first, [0, 1])
  await end(first, held)
  const changes = disk.changes()
  await note(first)
  assert.equal(disk.changes(), changes, 'there is nothing to note')
  await first.close()
  await disk.unlink(fileOf(disk, held[0]?.at.segment ?? 0))
  const body = await assertFound(disk, { accepted: 8, lost: [] })
  assert.equal(body.ledger.totals().delivered, 8)
})

test('a segment that was evicted or retired is not missed, whatever was noted of it', async () => {
  const disk = openFaultyDisk({ seed: 1 })
  const first = await openBody(disk, { segmentBytes })
  const held = await accept(first, [0, 1, 2, 3, 4, 5])
  const [one = 0, two = 0] = [...new Set(held.map(({ at: { segment } }) => segment))]
  await end(
    first,
    held.filter(({ at: { segment } }) => segment === one),
  )
  const going = [first.ledger.recordRetirement(one), first.ledger.recordEviction(two, at(2))]
  await note(first)
  await Promise.all(going)
  await note(first)
  for (const segment of [one, two]) await first.log.remove(segment)
  await first.close()
  const body = await openBody(disk, { segmentBytes })
  assert.equal(body.ledger.totals().unaccounted, 0)
  const reasons = new Set((await body.ledger.drops({})).drops.map(({ reason }) => reason))
  assert.deepEqual([...reasons], ['cache_overwritten'])
})

test('what a kill kept from being noted is noted in the next life', async () => {
  const disk = openFaultyDisk({ seed: 1 })
  const first = await openBody(disk, { segmentBytes })
  const held = await accept(first, [0])
  await first.close()
  const second = await openBody(disk, { segmentBytes })
  await note(second)
  await second.close()
  await disk.unlink(fileOf(disk, held[0]?.at.segment ?? 0))
  await assertFound(disk, { accepted: 4, lost: ['s0 0-3 cache_corrupt'] })
})

test('a file that comes back is sent after all, and accepted anew', async () => {
  const disk = openFaultyDisk({ seed: 1 })
  const first = await openBody(disk, { segmentBytes })
  const held = await accept(first, [0, 1])
  await note(first)
  await first.close()
  const path = fileOf(disk, held[0]?.at.segment ?? 0)
  await disk.rename({ from: path, to: '/kept' })
  await (
    await assertFound(disk, { accepted: 8, lost: ['s0 0-3 cache_corrupt', 's1 0-3 cache_corrupt'] })
  ).close()
  await disk.rename({ from: '/kept', to: path })
  const body = await openBody(disk, { segmentBytes })
  const totals = { accepted: 16, delivered: 0, dropped: 8, pending: 8, refused: 0, unaccounted: 0 }
  assert.deepEqual(body.ledger.totals(), totals)
})

test('a journal that takes no note keeps nothing from being noted the next time', async () => {
  const disk = openFaultyDisk({ seed: 1 })
  const first = await openBody(disk, { segmentBytes })
  const held = await accept(first, [0])
  await first.ledger.note(() => false)
  await note(first)
  await first.close()
  await disk.unlink(fileOf(disk, held[0]?.at.segment ?? 0))
  await assertFound(disk, { accepted: 4, lost: ['s0 0-3 cache_corrupt'] })
})

test('of many streams some are noted at a time, and all of them in the end', async () => {
  const disk = openFaultyDisk({ seed: 1 })
  const first = await openBody(disk, { segmentBytes: 10_000_000 })
  const streams = 1_100
  const all = Array.from({ length: streams }, (_, index) => renamed(unstored(0), `s${index}`))
  const { held } = await first.log.append(all)
  first.ledger.appended(held)
  for (const turn of [1, 2, 3, 4]) {
    const before = disk.changes()
    await note(first)
    assert.equal(disk.changes() > before, turn < 4, `turn ${turn}`)
  }
  await first.close()
  await disk.unlink(fileOf(disk, held[0]?.at.segment ?? 0))
  const body = await openBody(disk, { alarm: () => undefined })
  const { accepted, dropped, unaccounted } = body.ledger.totals()
  assert.deepEqual([accepted, dropped, unaccounted], [streams * 4, streams * 4, 0])
})
