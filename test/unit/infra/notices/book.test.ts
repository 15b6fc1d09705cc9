import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Desk, deskOf, dropOf, lane, minute, second, waiting } from './book-fixture.ts'

test('what is lost within the linger is one notice, with exact sums and joined ranges', () => {
  const desk = deskOf()
  for (let number = 0; number < 1_000; number += 1) desk.book.lose(dropOf(number), number)
  desk.book.lose(dropOf(2_000, { service: 'web', reason: 'expired', records: 3 }), 2_000)
  assert.equal(lane(desk).seal(4_999), false)
  assert.equal(lane(desk).seal(5_000), true)
  const [event, ...others] = waiting(desk)
  assert.deepEqual(others, [])
  assert.equal(event?.type, 'io.holdfast.drop')
  assert.equal(event?.subject, 'acme')
  assert.equal(event?.data.records, 10_003)
  assert.equal(event?.data.drops, 1_001)
  assert.deepEqual(event?.data.reasons, { cache_overwritten: 10_000, expired: 3 })
  assert.deepEqual(
    event?.data.ranges.map(({ firstSeq, lastSeq }) => [firstSeq, lastSeq]),
    [
      [0, 9_999],
      [20_000, 20_009],
    ],
  )
  assert.equal(event?.data.rangesOmitted, 0)
})

test('ranges that are too many are left out by number, and the sums stay exact', () => {
  const desk = deskOf()
  for (let number = 0; number < 200; number += 2) desk.book.lose(dropOf(number), 0)
  lane(desk).seal(minute)
  const [event] = waiting(desk)
  assert.equal(event?.data.records, 1_000)
  assert.equal(event?.data.ranges.length, 50)
  assert.equal(event?.data.rangesOmitted, 50)
})

test('while one notice of a tenant is under way, what is lost meanwhile is one more, and no thousand', () => {
  const desk = deskOf()
  desk.book.lose(dropOf(1), 0)
  lane(desk).seal(5_000)
  for (let number = 2; number < 1_002; number += 1) {
    desk.book.lose(dropOf(number), 10_000 + number)
    lane(desk).seal(24 * 60 * minute)
  }
  const [first] = waiting(desk)
  assert.equal(waiting(desk).length, 1)
  assert.equal(lane(desk).open().length, 1)
  lane(desk).acknowledged(first?.id ?? '')
  lane(desk).seal(24 * 60 * minute)
  const [next] = waiting(desk)
  assert.equal(next?.data.records, 10_000)
  assert.notEqual(next?.id, first?.id)
})

test('a loss that goes on for a day is told of in some hundred notices at most, the first at once', () => {
  const desk = deskOf()
  const toldAtMs: number[] = []
  let records = 0
  for (let nowMs = 0; nowMs < 24 * 60 * minute; nowMs += second) {
    desk.book.lose(dropOf(nowMs / second), nowMs)
    if (!lane(desk).seal(nowMs)) continue
    toldAtMs.push(nowMs)
    for (const { id, data } of waiting(desk)) {
      records += data.records
      lane(desk).acknowledged(id)
    }
  }
  assert.deepEqual(toldAtMs.slice(0, 4), [5 * second, 65 * second, 185 * second, 425 * second])
  assert.ok(toldAtMs.length < 110, `${toldAtMs.length} notices`)
  const [open] = lane(desk).open()
  const rest = open?.kind === 'drop' ? open.loss.records : 0
  assert.equal(records + rest, 24 * 60 * 60 * 10)
})

test('a webhook hears of its own tenants and of no other', () => {
  const desk = deskOf({ webhooks: ['acme', 'all'] })
  desk.book.lose(dropOf(1, { tenant: 'acme' }), 0)
  desk.book.lose(dropOf(2, { tenant: 'globex' }), 0)
  desk.book.happen('stall', {
    mark: '1',
    nowMs: 0,
    happening: (tenants) => ({ seenBy: tenants }),
  })
  for (const it of desk.book.lanes) it.seal(minute)
  const subjects = (index: number) => waiting(desk, index).map(({ subject }) => subject)
  assert.deepEqual(subjects(0).sort(), ['acme'])
  assert.deepEqual(subjects(1).sort(), ['*', 'acme', 'globex'])
  assert.doesNotMatch(JSON.stringify(waiting(desk, 0)), /globex|"\*"/)
})

test('the same content has the same id after a restart, byte for byte, and other content has not', () => {
  const desk = deskOf()
  desk.book.lose(dropOf(1), 0)
  desk.book.lose(dropOf(2, { tenant: 'globex' }), 0)
  lane(desk).seal(5_000)
  desk.book.lose(dropOf(3), 6_000)
  const lines = desk.book.lines(6_000)
  const again = deskOf({ lines })
  assert.deepEqual(waiting(again), waiting(desk))
  assert.deepEqual(again.book.head(), desk.book.head())
  assert.deepEqual(again.book.lines(6_000), lines)
  // A life that had kept nothing makes the same of the same drop events.
  const other = deskOf()
  other.book.lose(dropOf(1), 100)
  other.book.lose(dropOf(2, { tenant: 'globex' }), 100)
  lane(other).seal(9_000)
  const ids = (of: Desk) => waiting(of).map(({ id }) => id)
  assert.deepEqual(ids(other), ids(desk))
  const more = deskOf()
  for (const number of [1, 3]) more.book.lose(dropOf(number), 100)
  lane(more).seal(9_000)
  assert.ok(!ids(desk).includes(ids(more)[0] ?? ''))
})

test('where the clock was set back by a day between two lives, nobody waits for it to come round', () => {
  const desk = deskOf()
  const day = 24 * 60 * minute
  desk.book.lose(dropOf(1), day)
  lane(desk).seal(day + minute)
  desk.book.lose(dropOf(2, { tenant: 'globex' }), day + minute)
  const again = deskOf({ lines: desk.book.lines(day + minute) })
  const [sealed] = lane(again).waiting()
  assert.ok(sealed !== undefined && sealed.nextAtMs <= 60 * minute)
  assert.ok(lane(again).seal(61 * minute))
  assert.equal(waiting(again).length, 2)
})

test('attempts are spaced twice as far each time, up to a bound, and Retry-After is kept', () => {
  const desk = deskOf()
  desk.book.lose(dropOf(1), 0)
  lane(desk).seal(5_000)
  const next = (retryAfterMs: number | null): number => {
    const [notice] = lane(desk).waiting()
    lane(desk).failed(notice?.id ?? '', { detail: 'it answered 500', retryAfterMs, nowMs: 0 })
    return lane(desk).waiting()[0]?.nextAtMs ?? -1
  }
  assert.deepEqual([next(null), next(null), next(null)], [1_000, 2_000, 4_000])
  assert.equal(next(60_000), 60_000)
  for (let times = 0; times < 2_000; times += 1) next(null)
  assert.equal(next(null), 5 * minute)
})

test('an outbox that is full keeps the sums and leaves out the ranges; no tenant is forgotten', () => {
  const bytesMax = 64 * 1024
  const desk = deskOf({ bytesMax })
  const tenants = 60
  for (let number = 0; number < tenants * 100; number += 2)
    desk.book.lose(dropOf(number, { tenant: `t${number % tenants}` }), 0)
  const lines = desk.book.lines(0)
  assert.ok(lines.reduce((sum, line) => sum + line.length + 1, 0) <= bytesMax)
  assert.equal(desk.thinned(), 1)
  assert.deepEqual(desk.buried, [])
  const records = lane(desk)
    .open()
    .reduce((sum, open) => sum + (open.kind === 'drop' ? open.loss.records : 0), 0)
  assert.equal(records, tenants * 100 * 5)
})

test('when that is not enough, the oldest of the webhook that takes the most is given up, aloud', () => {
  const bytesMax = 64 * 1024
  const desk = deskOf({ webhooks: ['hangs', 'works'], bytesMax })
  const rounds = 400
  for (let round = 0; round < rounds; round += 1) {
    desk.book.lose(dropOf(round, { tenant: `tenant-${round}` }), round)
    const works = lane(desk, 1)
    works.seal(round + minute)
    for (const { id } of works.waiting()) works.acknowledged(id)
    const bytes = desk.book.lines(round).reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0)
    assert.ok(bytes <= bytesMax, `${bytes} bytes in round ${round}`)
  }
  assert.ok(desk.buried.length > 0)
  assert.ok(desk.buried.every(({ webhook, why }) => webhook === 'hangs' && /full/.test(why)))
  assert.ok(desk.forgotten.length > 0)
  // Whatever is not to be sent any more has been said, each with what it held.
  const open = lane(desk).open().length + lane(desk).waiting().length
  assert.equal(open + desk.buried.length, rounds)
  assert.equal(desk.book.dead().length + desk.forgotten.length, desk.buried.length)
  assert.deepEqual(
    desk.buried.slice(0, 2).map(({ subject }) => subject),
    ['tenant-0', 'tenant-1'],
  )
})

test('dead letters are sent again when asked for, with the same id and the same bytes', () => {
  const desk = deskOf()
  for (const tenant of ['acme', 'globex']) desk.book.lose(dropOf(tenant.length, { tenant }), 0)
  lane(desk).seal(5_000)
  const before = lane(desk).waiting()
  for (const notice of before) {
    lane(desk).remove(notice.id)
    desk.book.bury({ webhook: 'one', notice }, { why: 'it answered 410', nowMs: 6_000 })
  }
  const again = deskOf({ lines: desk.book.lines(6_000) })
  assert.equal(again.book.dead().length, 2)
  assert.equal(
    again.book.revive(({ subject }) => subject === 'acme', 9_000),
    1,
  )
  const [revived] = lane(again).waiting()
  assert.equal(revived?.event, before.find(({ subject }) => subject === 'acme')?.event)
  assert.equal(revived?.nextAtMs, 9_000)
  assert.equal(again.book.dead().length, 1)
})

test('notices of a webhook that is no more are given up aloud, and go to whom they concern if asked', () => {
  const desk = deskOf({ webhooks: ['gone'] })
  desk.book.lose(dropOf(1, { tenant: 'acme' }), 0)
  desk.book.lose(dropOf(2, { tenant: 'globex' }), 0)
  const again = deskOf({ webhooks: ['acme'], lines: desk.book.lines(0) })
  assert.equal(again.buried.length, 2)
  assert.equal(
    again.book.revive(() => true, 0),
    1,
  )
  assert.deepEqual(
    waiting(again).map(({ subject }) => subject),
    ['acme'],
  )
  assert.deepEqual(
    again.book.dead().map(({ subject }) => subject),
    ['globex'],
  )
})

test('names that no attribute may hold are told exactly in the data', () => {
  const desk = deskOf()
  const tenant = 'a\u0007\ud800b'
  desk.book.lose(dropOf(1, { tenant }), 0)
  lane(desk).seal(minute)
  const [event] = waiting(desk)
  assert.equal(event?.subject, 'a\ufffd\ufffdb')
  assert.equal(event?.data.tenant, tenant)
})
