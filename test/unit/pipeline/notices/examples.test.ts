/** The examples in the documentation are what is sent, byte for byte but for the line breaks. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { openBook } from '../../../../infra/notices/book.ts'
import { stallOf, tellAssignment, tellStall } from '../../../../pipeline/notices/happenings.ts'
import { epoch, instant, seq } from '../../../../schemas/brand.ts'
import type { Drop } from '../../../../schemas/messages.ts'

const page = readFileSync(join(import.meta.dirname, '../../../../docs/notices.md'), 'utf8')
const noonMs = Date.parse('2026-11-25T12:00:00.000Z')
const second = 1_000

const bookOf = () =>
  openBook({
    recipients: [{ webhook: 'hooks.acme.example', tenants: ['acme'], covers: () => true }],
    source: '/holdfast/edge-1',
    pace: { lingerMs: 0, intervalMs: 0, backoff: { initialMs: 1, maxMs: 1 } },
    chance: () => 0,
    bytesMax: 1_000_000,
    head: { nonce: 'n', place: { sinceMs: 0 }, route: { epoch: epoch(3), url: regionA } },
    restored: [],
    nowMs: noonMs,
    buried: () => undefined,
    forgotten: () => undefined,
    thinned: () => undefined,
  })
const regionA = 'https://logs-a.example.com'
const regionB = 'https://logs-b.example.com'

const drop: Drop = {
  id: '0mwve9c00-0000',
  atMs: instant(noonMs),
  tenant: 'acme',
  service: 'auth',
  producer: 'edge-1-mwve7djsc63f7a',
  firstSeq: seq(12_000),
  lastSeq: seq(12_999),
  records: 1_000,
  bytes: 204_800,
  reason: 'cache_overwritten',
  detail: '',
  fromMs: instant(noonMs - 14_400 * second),
  toMs: instant(noonMs - 14_100 * second),
}
const stalledMs = 10_100
const pendingOf = () => 18_240

const examples: Readonly<Record<string, (book: ReturnType<typeof bookOf>) => void>> = {
  'io.holdfast.drop': (book) => {
    book.lose(drop, noonMs)
    const later = noonMs + 2 * second
    const next = { firstSeq: seq(13_000), lastSeq: seq(13_499), records: 500, bytes: 102_400 }
    book.lose({ ...drop, ...next, id: '0mwve9djk-0000', atMs: instant(later) }, later)
  },
  'io.holdfast.stall': (book) =>
    tellStall(
      { book, nowMs: noonMs },
      stallOf('sends', { kind: 'stalled', stalledMs, records: 90_000 }),
      pendingOf,
    ),
  'io.holdfast.recovered': (book) =>
    tellStall(
      { book, nowMs: noonMs },
      stallOf('sends', { kind: 'recovered', stalledMs, records: 90_000 }),
      pendingOf,
    ),
  'io.holdfast.redirect': (book) =>
    tellAssignment(
      { book, nowMs: noonMs },
      {
        epoch: epoch(4),
        url: regionB,
        reason: 'region A is down',
        by: 'operator',
        atMs: instant(noonMs),
      },
    ),
  'io.holdfast.rollback': (book) => {
    book.routed({ epoch: epoch(4), url: regionB })
    const reason = `${regionB} has only failed: 3 attempts, the last one unreachable`
    tellAssignment(
      { book, nowMs: noonMs },
      { epoch: epoch(5), url: regionA, reason, by: 'rollback', atMs: instant(noonMs) },
    )
  },
}

for (const [type, happen] of Object.entries(examples))
  test(`the example of ${type} in docs/notices.md is what is sent`, () => {
    const book = bookOf()
    happen(book)
    const [lane] = book.lanes
    lane?.seal(noonMs + 60 * second)
    const [notice] = lane?.waiting() ?? []
    const event = JSON.parse(notice?.event ?? 'null')
    assert.equal(event?.type, type)
    const shown = JSON.stringify(event, null, 2)
    assert.ok(page.includes(shown), `docs/notices.md should have:\n${shown}`)
  })
