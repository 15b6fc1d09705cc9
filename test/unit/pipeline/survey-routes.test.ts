/** Answers over much of the account: in pages, in steps of time, and each worked out once. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { dropIdMs, leastDropId } from '../../../infra/ledger/drop-id.ts'
import type { DropQuery, StreamAccount } from '../../../infra/ledger/ledger.ts'
import { calendarIn } from '../../../pipeline/account/calendar.ts'
import { dropTimeline } from '../../../pipeline/account/drop-timeline.ts'
import { streamPage, streamRows, tenantRows } from '../../../pipeline/account/stream-page.ts'
import { openRemembered } from '../../../pipeline/admin/remembered.ts'
import { instant, seq } from '../../../schemas/brand.ts'
import type { Drop, Held } from '../../../schemas/messages.ts'
import { call, open } from './call-admin.ts'
import { handMade } from './hand-made.ts'

const hourMs = 3_600_000
const nowMs = Date.UTC(2026, 10, 25, 12, 30)

const drop = (index: number, change: Partial<Drop> = {}): Drop => ({
  id: String(index).padStart(9, '0'),
  atMs: instant(nowMs - hourMs),
  tenant: 'acme',
  service: 'web',
  producer: 'edge-1-x',
  firstSeq: seq(index),
  lastSeq: seq(index),
  records: 1,
  bytes: 10,
  reason: 'cache_overwritten',
  detail: '',
  fromMs: instant(nowMs - 2 * hourMs),
  toMs: instant(nowMs - 2 * hourMs + 1),
  ...change,
})

/** A ledger with these drop events, in pages as the real one has them. */
const ledgerWith = (drops: readonly Drop[], accounts: readonly StreamAccount[] = []) => {
  let pages = 0
  return {
    pages: () => pages,
    ledger: {
      totals: () => ({
        accepted: 0,
        delivered: 0,
        dropped: 0,
        pending: 0,
        refused: 0,
        unaccounted: 0,
      }),
      streams: () => accounts,
      drops: async ({
        cursor = '',
        sinceMs = 0,
        untilMs = nowMs,
        order,
        limit = 100,
      }: DropQuery) => {
        pages += 1
        const isNewestFirst = order === 'newest'
        const asked = (isNewestFirst ? drops.toReversed() : drops).filter(
          ({ id, atMs }) =>
            (cursor === '' || (isNewestFirst ? id < cursor : id > cursor)) &&
            sinceMs <= atMs &&
            atMs < untilMs,
        )
        const page = asked.slice(0, limit)
        return { drops: page, cursor: asked.length > limit ? (page.at(-1)?.id ?? null) : null }
      },
    },
  }
}

describe('drop events by time', () => {
  it('are each in the step of their time, and none is counted twice or left out', async () => {
    const drops = Array.from({ length: 10_000 }, (_, index) =>
      drop(index, {
        atMs: instant(nowMs - hourMs + Math.floor((index / 10_000) * hourMs)),
        reason: index % 10 === 0 ? 'expired' : 'cache_overwritten',
      }),
    )
    const { ledger, pages } = ledgerWith(drops)
    const timeline = await dropTimeline(
      { ledger },
      { fromMs: nowMs - hourMs, toMs: nowMs, buckets: 60 },
    )
    assert.deepEqual([timeline.events, timeline.records, timeline.bytes], [10_000, 10_000, 100_000])
    assert.equal(timeline.buckets.length, 60)
    assert.equal(timeline.looked, 'all')
    assert.ok(timeline.buckets.every(({ events }) => events > 150 && events < 180))
    const expired = timeline.buckets.reduce((sum, { reasons }) => sum + (reasons.expired ?? 0), 0)
    assert.equal(expired, 1_000)
    assert.equal(pages(), 10)
  })

  it('are those of the time that was asked for', async () => {
    const { ledger } = ledgerWith([
      drop(1, { atMs: instant(999) }),
      drop(2, { atMs: instant(1_000) }),
      drop(3, { atMs: instant(1_999) }),
      drop(4, { atMs: instant(2_000) }),
    ])
    const { events, buckets } = await dropTimeline(
      { ledger },
      { fromMs: 1_000, toMs: 2_000, buckets: 10 },
    )
    assert.equal(events, 2)
    assert.deepEqual([buckets[0]?.events, buckets[9]?.events], [1, 1])
  })

  it('are the newest where there are more than are counted, and it is said since when', async () => {
    const [all, counted, everyMs] = [150_000, 100_000, 20]
    const fromMs = nowMs - all * everyMs
    const idAt = (index: number): string => `${leastDropId(fromMs + index * everyMs)}-0000`
    const ledger = {
      ...handMade().observed.ledger,
      drops: async ({ cursor, limit = 0 }: DropQuery) => {
        const end = cursor === undefined ? all : (dropIdMs(cursor) - fromMs) / everyMs
        const drops = Array.from({ length: limit }, (_, index) => {
          const at = end - 1 - index
          return drop(at, { atMs: instant(fromMs + at * everyMs) })
        })
        return { drops, cursor: end > limit ? idAt(end - limit) : null }
      },
    }
    const timeline = await dropTimeline({ ledger }, { fromMs, toMs: nowMs, buckets: 30 })
    const { looked, events, records, countedFrom, buckets } = timeline
    assert.deepEqual([looked, events, records], ['cut', counted, counted])
    assert.equal(Date.parse(countedFrom), nowMs - counted * everyMs)
    assert.deepEqual(
      buckets.map((bucket) => bucket.events),
      [...new Array(10).fill(0), ...new Array(20).fill(5_000)],
    )
  })
})

describe('the calendar', () => {
  const held: Held = {
    batch: {
      producer: 'edge-1-x',
      tenant: 'acme',
      service: 'web',
      firstSeq: seq(5),
      lastSeq: seq(9),
      bytes: 10,
      fromMs: instant(nowMs - 3 * hourMs),
      toMs: instant(nowMs - 2 * hourMs),
      acceptedAtMs: instant(nowMs),
      priority: 'normal',
      checksum: 0,
    } as never,
    at: { segment: 1, offset: 0 },
  }
  const asked = { fromMs: nowMs - 24 * hourMs, toMs: nowMs + hourMs, stepMs: hourMs }
  const look = (doubts: readonly string[] = []) =>
    calendarIn(
      {
        ...ledgerWith([drop(1)], []),
        held: async function* () {
          yield held
        },
        doubts: () => doubts,
      },
      asked,
      nowMs,
    )

  it('says of each hour what its completeness is: lost, held, or all delivered', async () => {
    const { cells, watermark } = await look()
    const of = (hoursAgo: number) => cells[24 - hoursAgo]
    assert.equal(cells.length, 25)
    assert.deepEqual([of(2)?.verdict, of(2)?.lost, of(2)?.held], ['incomplete', 1, 5])
    assert.deepEqual([of(3)?.verdict, of(3)?.held], ['pending', 5])
    assert.deepEqual([of(4)?.verdict, of(4)?.held], ['complete', 0])
    assert.equal(of(0)?.verdict, 'pending')
    assert.equal(watermark, new Date(nowMs - 3 * hourMs).toISOString())
  })

  it('calls no hour complete while there is a doubt', async () => {
    const { cells, doubts } = await look(['Something was damaged.'])
    assert.deepEqual(doubts, ['Something was damaged.'])
    assert.ok(cells.every(({ verdict }) => verdict === 'incomplete'))
  })
})

describe('streams in pages', () => {
  const accounts = Array.from({ length: 2_000 }, (_, index): StreamAccount => {
    const stream = Math.floor(index / 2)
    return {
      tenant: `tenant-${stream % 10}`,
      service: `service-${String(stream).padStart(4, '0')}`,
      producer: `edge-${index % 2}`,
      accepted: 10 + stream,
      delivered: 10,
      dropped: stream,
      pending: 0,
      unaccounted: 0,
    }
  })

  it('add up their producers, are sorted and searched before they are cut', () => {
    const rows = streamRows(accounts)
    assert.equal(rows.length, 1_000)
    const page = streamPage(rows, { search: '', order: 'dropped', offset: 10, limit: 5 })
    assert.equal(page.total, 1_000)
    assert.deepEqual(
      page.streams.map(({ service, dropped, producers }) => [service, dropped, producers]),
      [989, 988, 987, 986, 985].map((it) => [`service-0${it}`, 2 * it, 2]),
    )
    const found = streamPage(rows, { search: 'TENANT-3 0013', order: 'name', offset: 0, limit: 5 })
    assert.deepEqual(
      found.streams.map(({ service }) => service),
      ['service-0013'],
    )
  })

  it('are summed by tenant, whoever lost most first', () => {
    const tenants = tenantRows(streamRows(accounts))
    assert.equal(tenants.length, 10)
    assert.deepEqual([tenants[0]?.tenant, tenants[0]?.streams], ['tenant-9', 100])
    const accepted = accounts.reduce((sum, it) => sum + it.accepted, 0)
    assert.equal(
      tenants.reduce((sum, it) => sum + it.accepted, 0),
      accepted,
    )
  })

  it('are refused a parameter that is not known', async () => {
    const admin = await open({ observed: handMade().observed })
    assert.equal((await call(admin, '/api/v1/streams?order=size')).status, 400)
    assert.equal((await call(admin, '/api/v1/drops/timeline?from=1h&to=2h')).status, 400)
    assert.equal((await call(admin, '/api/v1/completeness/calendar?days=1000')).status, 400)
    const { status, json } = await call(admin, '/api/v1/streams?search=acme')
    assert.deepEqual([status, json.streams?.length], [200, 1])
    await admin.close()
  })
})

describe('an answer that is remembered', () => {
  it('is worked out once in its time, again after it, and a failure is not kept', async () => {
    let now = 0
    let times = 0
    const remembered = openRemembered({ forMs: 100, now: () => now })
    const compute = async (): Promise<number> => {
      times += 1
      if (times === 3) throw new Error('the disk failed')
      return times
    }
    assert.deepEqual(
      await Promise.all([remembered('a', compute), remembered('a', compute)]),
      [1, 1],
    )
    assert.equal(await remembered('a', compute), 1)
    now = 101
    assert.equal(await remembered('a', compute), 2)
    now = 202
    await assert.rejects(remembered('a', compute), /the disk failed/)
    assert.equal(await remembered('a', compute), 4)
  })

  it('is worked out one at a time', async () => {
    let running = 0
    let most = 0
    const remembered = openRemembered({ forMs: 100, now: () => 0 })
    const compute = async (): Promise<void> => {
      running += 1
      most = Math.max(most, running)
      await new Promise(setImmediate)
      running -= 1
    }
    await Promise.all(Array.from({ length: 50 }, (_, key) => remembered(String(key), compute)))
    assert.equal(most, 1)
  })
})
