import assert from 'node:assert/strict'
import { test } from 'node:test'
import { holdMsMax } from '../../../../infra/sources/hold-back.ts'
import type { Intake } from '../../../../infra/sources/intake.ts'
import { groupBytesMax } from '../../../../infra/sources/intake-queue.ts'
import { batchId, instant, seq } from '../../../../schemas/brand.ts'
import type { Batch } from '../../../../schemas/messages.ts'
import { decodeRequest, flatten } from '../otlp/oracle.ts'
import { type Group, intakeInTime, settled } from './intake-in-time.ts'
import { logsOf, requestOf } from './requests.ts'

/** Numbers a group's parts as the collector would. */
const numbered = ({ parts }: Group): readonly Batch[] => {
  const next = new Map<string, number>()
  return parts.map(({ records, ...part }) => {
    const first = next.get(part.service) ?? 0
    next.set(part.service, first + records)
    const range = { firstSeq: seq(first), lastSeq: seq(first + records - 1) }
    const coordinates = { producer: 'p', ...part, ...range }
    return { ...coordinates, id: batchId(coordinates) }
  })
}
const bodiesOf = (intake: Intake, group: Group) =>
  intake
    .payloads(group.appendId, numbered(group))
    ?.map(({ payload }) =>
      flatten(decodeRequest(Buffer.concat(payload))).map(({ record }) =>
        record.body?.stringValue?.replace(/ x*$/, ''),
      ),
    )
test('what arrives while a group is out is joined by stream for the next one', async () => {
  const { intake, groups, take, passMs } = intakeInTime()
  take()
  const first = intake.offer(requestOf(logsOf('auth', { records: 2, atMs: 5_000 })))
  assert.equal(groups.length, 1)
  const others = [
    intake.offer(
      requestOf(logsOf('auth', { records: 1, atMs: 9_000 }), logsOf('pay', { records: 3 })),
    ),
    intake.offer(requestOf(logsOf('auth', { records: 2, atMs: 7_000 }))),
  ]
  assert.equal(groups.length, 1)
  intake.acknowledge(1)
  take()
  passMs(holdMsMax)
  const [, second] = groups
  assert.ok(second)
  const facts = second.parts.map(({ service, records, priority, fromMs, toMs, acceptedAtMs }) => [
    service,
    records,
    priority,
    fromMs,
    toMs,
    acceptedAtMs,
  ])
  assert.deepEqual(facts, [
    ['auth', 3, 'high', 7_000, 9_000, 1_000],
    ['pay', 3, 'normal', 0, 0, 1_000],
  ])
  assert.deepEqual(bodiesOf(intake, second), [
    ['auth 0', 'auth 0', 'auth 1'],
    ['pay 0', 'pay 1', 'pay 2'],
  ])
  intake.acknowledge(second.appendId)
  assert.deepEqual(await settled([first, ...others]), ['kept', 'kept', 'kept'])
})

test('a request is kept as a whole, in batches that are within their limits', async () => {
  const { intake, groups, take } = intakeInTime({ recordsMax: 100, bytesMax: 10_000 })
  const request = requestOf(
    logsOf('a', { records: 250 }),
    logsOf('b', { records: 50, recordBytes: 500 }),
    logsOf('c', { records: 1, recordBytes: 30_000 }),
    logsOf('a', { records: 10 }),
  )
  const offered = intake.offer(request)
  take()
  const [group] = groups
  assert.ok(group)
  for (const { records, bytes } of group.parts) {
    assert.ok(records <= 100)
    assert.ok(bytes <= 10_000 || records === 1)
  }
  const count = (wanted: string) =>
    group.parts.reduce((sum, { service, records }) => sum + (service === wanted ? records : 0), 0)
  assert.deepEqual([count('a'), count('b'), count('c')], [260, 50, 1])
  const bodies = (bodiesOf(intake, group) ?? []).flat()
  const expected = [...Array(250).keys(), ...Array(10).keys()].map((index) => `a ${index}`)
  assert.deepEqual(
    bodies.filter((body) => body?.startsWith('a')),
    expected,
  )
  intake.acknowledge(group.appendId)
  assert.deepEqual(await offered, { kind: 'kept' })
})

test('parts of several requests fill a batch only up to its limits', () => {
  const { intake, groups, take } = intakeInTime({ recordsMax: 5 })
  for (const records of [2, 2, 2, 4]) void intake.offer(requestOf(logsOf('a', { records })))
  take()
  assert.deepEqual(
    groups[0]?.parts.map(({ records }) => records),
    [4, 2, 4],
  )
})

test('a group is bounded: what does not fit waits for the next one', () => {
  const { intake, groups, take } = intakeInTime()
  const large = { records: 10, recordBytes: groupBytesMax / 25 }
  for (let index = 0; index < 4; index += 1) void intake.offer(requestOf(logsOf('a', large)))
  take()
  const total = (group: Group | undefined) =>
    group?.parts.reduce((sum, { records }) => sum + records, 0)
  assert.equal(total(groups[0]), 20)
  take()
  assert.equal(total(groups[1]), 20)
})

test('a full queue refuses at once, and one request always fits an empty one', async () => {
  const { intake, take, passMs } = intakeInTime({ queueBytesMax: 1_000, queueRequestsMax: 3 })
  const large = intake.offer(requestOf(logsOf('a', { records: 1, recordBytes: 5_000 })))
  const refused = await intake.offer(requestOf(logsOf('a', { records: 1 })))
  assert.deepEqual(refused, {
    kind: 'refused',
    by: 'queue',
    reason: 'overdue',
    retryAfterMs: 1_000,
  })
  take()
  const small = [1, 2, 3].map(() => intake.offer(requestOf(logsOf('a', { records: 1 }))))
  const fourth = await intake.offer(requestOf(logsOf('a', { records: 1 })))
  assert.equal(fourth.kind, 'refused')
  intake.acknowledge(1)
  take()
  passMs(holdMsMax)
  intake.acknowledge(2)
  assert.deepEqual(await settled([large, ...small]), ['kept', 'kept', 'kept', 'kept'])
})

test('a refused group refuses its clients alone, and a late acknowledgement changes nothing', async () => {
  const { intake, groups, take } = intakeInTime()
  take()
  const first = intake.offer(requestOf(logsOf('a', { records: 1 })))
  const second = intake.offer(requestOf(logsOf('a', { records: 1 })))
  const [group] = groups
  assert.ok(group)
  const stored = intake.payloads(group.appendId, numbered(group))
  intake.refuse(group.appendId, { reason: 'overdue', retryAfterMs: 3_000 })
  assert.deepEqual(await first, {
    kind: 'refused',
    by: 'collector',
    reason: 'overdue',
    retryAfterMs: 3_000,
  })
  intake.acknowledge(group.appendId)
  assert.equal(flatten(decodeRequest(Buffer.concat(stored?.[0]?.payload ?? []))).length, 1)
  take()
  intake.acknowledge(2)
  assert.deepEqual(await second, { kind: 'kept' })
})

test('a closed intake refuses what waits and what comes, until it is opened', async () => {
  const { intake, groups, take } = intakeInTime()
  const waiting = intake.offer(requestOf(logsOf('a', { records: 1 })))
  intake.close({ reason: 'cache_full', retryAfterMs: 2_000 })
  const late = intake.offer(requestOf(logsOf('a', { records: 1 })))
  for (const outcome of await Promise.all([waiting, late]))
    assert.deepEqual(outcome, {
      kind: 'refused',
      by: 'collector',
      reason: 'cache_full',
      retryAfterMs: 2_000,
    })
  take()
  assert.equal(groups.length, 0)
  intake.open()
  const kept = intake.offer(requestOf(logsOf('a', { records: 1 })))
  intake.acknowledge(groups[0]?.appendId ?? 0)
  assert.deepEqual(await kept, { kind: 'kept' })
})

test('closing leaves a group that is out to its own end', async () => {
  const { intake, groups, take } = intakeInTime()
  take()
  const out = intake.offer(requestOf(logsOf('a', { records: 1 })))
  intake.close({ reason: 'draining', retryAfterMs: 1_000 })
  intake.acknowledge(groups[0]?.appendId ?? 0)
  assert.deepEqual(await out, { kind: 'kept' })
})

test('with a linger, a group waits for others so long, or until it fills a batch', () => {
  const { intake, groups, take, passMs, timers } = intakeInTime({ lingerMs: 50, recordsMax: 10 })
  take()
  void intake.offer(requestOf(logsOf('a', { records: 3 })))
  passMs(30)
  void intake.offer(requestOf(logsOf('a', { records: 3 })))
  assert.equal(groups.length, 0)
  passMs(20)
  assert.equal(groups[0]?.parts[0]?.records, 6)
  take()
  void intake.offer(requestOf(logsOf('a', { records: 3 })))
  assert.equal(groups.length, 1)
  void intake.offer(requestOf(logsOf('a', { records: 7 })))
  assert.equal(groups[1]?.parts[0]?.records, 10)
  assert.equal(timers.length, 0)
})

test('payloads are given only for the batches of that group, in their order', () => {
  const { intake, groups, take } = intakeInTime()
  void intake.offer(requestOf(logsOf('a', { records: 1 }), logsOf('b', { records: 2 })))
  take()
  const [group] = groups
  assert.ok(group)
  const [a, b] = numbered(group)
  assert.ok(a && b)
  assert.throws(() => intake.payloads(group.appendId, [a]), /2 parts, but 1 batches/)
  assert.throws(() => intake.payloads(group.appendId, [b, a]), /is not part 0 of append 1/)
  const grown = { ...b, lastSeq: seq(5) }
  assert.throws(() => intake.payloads(group.appendId, [a, grown]), /is not part 1/)
  assert.equal(intake.payloads(99, []), undefined)
  assert.equal(intake.payloads(group.appendId, [a, { ...b, fromMs: instant(7) }])?.length, 2)
})

test('an empty request is kept without a group', async () => {
  const { intake, groups, take } = intakeInTime()
  take()
  assert.deepEqual(await intake.offer({ parts: [] }), { kind: 'kept' })
  assert.equal(groups.length, 0)
})
