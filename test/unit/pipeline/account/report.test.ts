import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { LateService } from '../../../../infra/book/book-request.ts'
import { reportOf } from '../../../../pipeline/account/report.ts'
import { reportPage } from '../../../../pipeline/account/report-page.ts'
import { reportText } from '../../../../pipeline/account/report-text.ts'
import { instant } from '../../../../schemas/brand.ts'
import { dropReasons } from '../../../../schemas/metrics.ts'
import { call, open } from '../call-admin.ts'
import { holdfast } from '../process.ts'
import { dropped, heldBatch, observedWith, row } from './bookkeeping.ts'

const times = (fromMs: number, toMs: number) => ({ fromMs: instant(fromMs), toMs: instant(toMs) })
const nowMs = 100_000
const window = { fromMs: 10_000, toMs: 50_000 }
const evil = '<script>alert(1)</script>|`*\u202e\n# x'

const books = observedWith({
  held: [
    heldBatch({ from: 50, to: 59 }, times(40_000, 60_000)),
    heldBatch({ from: 60, to: 69 }, times(60_001, 70_000)),
  ],
  drops: [
    dropped({ from: 0, to: 9 }, times(5_000, 12_000)),
    dropped({ from: 10, to: 12 }, { ...times(20_000, 21_000), atMs: instant(30_000) }),
    dropped({ from: 13, to: 13 }, { ...times(22_000, 22_000), reason: 'rejected_by_endpoint' }),
    dropped({ from: 14, to: 14 }, { ...times(60_000, 61_000) }),
    dropped({ from: 20, to: 29 }, { tenant: 'globex', service: evil, ...times(30_000, 31_000) }),
  ],
})

test('a report adds up what touches its window, per stream and reason', async () => {
  const report = await reportOf(books, { ...window, tenant: 'acme' }, nowMs)
  assert.equal(report.verdict, 'incomplete')
  assert.deepEqual(report.lost, {
    ...{ records: 14, events: 3 },
    first: '1970-01-01T00:00:05.000Z',
    last: '1970-01-01T00:00:22.000Z',
    noticedFirst: '1970-01-01T00:00:05.000Z',
    noticedLast: '1970-01-01T00:00:30.000Z',
  })
  assert.deepEqual(report.heldBack, {
    ...{ records: 10, batches: 1 },
    first: '1970-01-01T00:00:40.000Z',
    last: '1970-01-01T00:01:00.000Z',
    since: '1970-01-01T00:00:01.000Z',
  })
  const [stream] = report.streams
  assert.deepEqual(
    stream?.reasons.map(({ reason, records, events }) => [reason, records, events]),
    [
      ['cache_overwritten', 13, 2],
      ['rejected_by_endpoint', 1, 1],
    ],
  )
  assert.deepEqual(stream?.heldTimes, [
    { from: '1970-01-01T00:00:40.000Z', to: '1970-01-01T00:00:50.000Z' },
  ])
  assert.equal(stream?.lostTimes[0]?.from, '1970-01-01T00:00:10.000Z')
  assert.deepEqual([report.events.length, report.unlisted], [3, 0])
})

test("a tenant's report says nothing of another tenant, in any format", async () => {
  const report = await reportOf(books, { ...window, tenant: 'acme' }, nowMs)
  for (const text of [JSON.stringify(report), reportText(report), reportPage(report)]) {
    assert.doesNotMatch(text, /globex|alert/)
    assert.match(text, /acme/)
  }
  const other = await reportOf(books, { ...window, tenant: 'globex' }, nowMs)
  for (const text of [JSON.stringify(other), reportText(other), reportPage(other)])
    assert.doesNotMatch(text, /acme|\bweb\b/)
  assert.equal((await reportOf(books, window, nowMs)).streams.length, 2)
})

test('a name of a client is neither markup nor a script, a cell or a line of its own', async () => {
  const report = await reportOf(books, window, nowMs)
  const page = reportPage(report)
  assert.doesNotMatch(page, /<script|\u202e|\n# x/)
  assert.match(page, /&#60;script&#62;/)
  const text = reportText(report)
  assert.doesNotMatch(text, /(?<!\\)<script|\u202e|\n# x/)
  const row = text.split('\n').find((line) => line.includes('script'))
  assert.equal(row?.replace(/\\\|/g, '').split('|').length, 9)
})

test('a report says that all is well only when it is', async () => {
  const rows = [row({ accepted: 10, delivered: 10 })]
  const sayOf = async (books: Parameters<typeof observedWith>[0], toMs = 50_000) => {
    const report = await reportOf(observedWith({ rows, ...books }), { fromMs: 0, toMs }, nowMs)
    return [reportText(report), reportPage(report)]
  }
  for (const text of await sayOf({}))
    assert.match(text, /Every record of this time that was accepted was delivered/)
  for (const text of await sayOf({ doubts: ['The disk was damaged.'] })) {
    assert.match(text, /No loss is known, but it cannot be ruled out/)
    assert.doesNotMatch(text, /Every record of this/)
  }
  for (const text of await sayOf({ held: [heldBatch({ from: 1, to: 1 })] })) {
    assert.match(text, /1 record is held back and not delivered yet/)
    assert.doesNotMatch(text, /Every record of this/)
  }
  for (const text of await sayOf({ rows: [] })) {
    assert.match(text, /No record was ever accepted here/)
    assert.doesNotMatch(text, /Every record of this/)
  }
  for (const text of await sayOf({}, nowMs + 1)) assert.match(text, /is not over/)
})

const lateService: LateService = {
  ...{ tenant: 'acme', service: evil, records: 7, waitMsMax: 7_500_000 },
  ...{ eventFromMs: 12_000, eventToMs: 13_000, endedFromMs: 9_000_000, endedToMs: 9_100_000 },
  spans: [{ fromMs: 12_000, toMs: 13_000 }],
}

test('what was held up and delivered after all is told: how much, of when, and how late', async () => {
  const report = await reportOf(observedWith({ late: [lateService] }), window, nowMs)
  for (const text of [reportText(report), reportPage(report)]) {
    assert.match(text, /7 records were held up and then delivered, after 2 h 5 min at most/)
    assert.match(text, /Delivered late/)
    assert.match(text, /02:30:00/)
    assert.doesNotMatch(text, /(?<!\\)<script|\u202e|\n# x|NaN|undefined/)
  }
  const old = { ...lateService, endedFromMs: 0, endedToMs: 0, waitMsMax: 0 }
  const told = reportText(await reportOf(observedWith({ late: [old] }), window, nowMs))
  assert.match(told, /7 records were held up and then delivered\./)
  assert.match(told, /not known any more/)
})

test('a report of which nobody knows what was late says so, and tells the losses', async () => {
  const book = { ...books.book, ask: () => Promise.reject(new Error('The book is behind.')) }
  const report = await reportOf({ ...books, book }, window, nowMs)
  assert.deepEqual(report.late, { kind: 'unknown', why: 'The book is behind.' })
  assert.ok(report.lost.records > 0)
  for (const text of [reportText(report), reportPage(report)])
    assert.match(text, /What was delivered late cannot be told at this moment/)
})

test('every reason of a loss is told in words', async () => {
  const drops = dropReasons.map((reason, index) => dropped({ from: index, to: index }, { reason }))
  const page = reportPage(
    await reportOf(observedWith({ drops }), { fromMs: 0, toMs: 9_000 }, nowMs),
  )
  assert.equal(page.match(/no time recorded/g)?.length, dropReasons.length + 2)
  assert.doesNotMatch(page, /undefined|NaN/)
})

test('a loss of a moment is to be seen, and nothing is drawn outside of the picture', async () => {
  const drops = [
    dropped({ from: 0, to: 0 }, times(window.toMs, window.toMs)),
    dropped({ from: 1, to: 1 }, times(window.fromMs, window.fromMs)),
    dropped({ from: 2, to: 2 }, times(1, 1e15)),
  ]
  for (const one of drops) {
    const page = reportPage(await reportOf(observedWith({ drops: [one] }), window, nowMs))
    const [, x = '', width = ''] =
      /class="lost" x="([\d.]+)" y="[\d.]+" width="([\d.]+)"/.exec(page) ?? []
    assert.ok(Number(width) >= 3, width)
    assert.ok(Number(x) >= 210 && Number(x) + Number(width) <= 830.1, `${x} ${width}`)
  }
})

test('the API and the command hand it out in each format', async (t) => {
  const admin = await open({ observed: books })
  t.after(() => admin.close())
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-report-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const query = '?from=10000&to=50000&tenant=acme'
  const page = await call(admin, `/api/v1/report${query}&format=html`)
  assert.match(String(page.headers['content-security-policy']), /default-src 'none'/)
  const words = [
    'report',
    '--admin',
    admin.url,
    '--from',
    '10000',
    '--to',
    '50000',
    '--tenant',
    'acme',
  ]
  const said = await holdfast(words)
  assert.deepEqual([said.status, said.stderr], [0, ''])
  assert.match(said.stdout, /^# Log delivery report for acme\n/)
  const file = join(folder, 'acme.html')
  const written = await holdfast([...words, '--format', 'html', '-o', file])
  assert.deepEqual([written.status, written.stdout], [0, ''])
  assert.match(await readFile(file, 'utf8'), /^<!doctype html>/)
  const json = await holdfast([...words, '--format', 'json'])
  assert.equal(JSON.parse(json.stdout).lost.records, 14)
  for (const [wrong, status, reason] of [
    [['report', '--to', '1'], 2, /needs --from/],
    [[...words, '--format', 'pdf'], 2, /allowed: md, html, json/],
    [[...words, '-o', join(folder, 'none', 'x')], 1, /could not be written/],
    [['report', '--admin', admin.url, '--from', '2', '--to', '1'], 1, /from is after to/],
  ] as const) {
    const ended = await holdfast(wrong)
    assert.equal(ended.status, status)
    assert.match(ended.stderr, reason)
  }
})
