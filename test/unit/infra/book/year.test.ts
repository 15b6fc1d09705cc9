/** A year of an account, hour by hour, with a new producer each day: its book does not grow with it. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { compactionBounds } from '../../../../infra/book/compaction.ts'
import { instant } from '../../../../schemas/brand.ts'
import { batch, delivered, lost, openTestBook, startMs, type TestBook } from './events.ts'

const hourMs = 3_600_000
const days = 365
const services = ['auth', 'cart', 'search']
const recordsPerHour = 1_000
const lostPerDay = 10

/** So small that all of them are reached within the year. */
const bounds = {
  ...compactionBounds,
  hourMsMax: 30 * 24 * hourMs,
  dayMsMax: 120 * 24 * hourMs,
  streamsMax: 60,
}

const tidied = (book: TestBook, nowMs: number, producer: string): void => {
  for (let go = 0; go < 100; go += 1) {
    const answer = book.ask({ type: 'tidy', nowMs, producers: [producer] })
    if ((answer as { readonly left: string }).left === 'done') return
  }
  assert.fail('The book is never tidy.')
}

const aDay = (book: TestBook, day: number): void => {
  const producer = `edge-1-${day}`
  book.tell((page) => {
    for (let hour = 0; hour < 24; hour += 1) {
      const acceptedAtMs = instant(startMs + (day * 24 + hour) * hourMs)
      for (const service of services) {
        const span = { from: hour * recordsPerHour, to: (hour + 1) * recordsPerHour - 1 }
        const of = batch(span, { producer, service, acceptedAtMs })
        const isLossy = hour === 12
        const drop = lost(
          { from: span.from, to: span.from + lostPerDay - 1 },
          { producer, service, id: `${day}-${service}`, atMs: acceptedAtMs },
        )
        const loss = { batch: of, delivered: recordsPerHour - lostPerDay, drops: [drop] }
        page.ended([isLossy ? loss : delivered(of)], acceptedAtMs)
      }
    }
  })
  tidied(book, startMs + (day + 1) * 24 * hourMs, producer)
}

test('a year leaves the file as large as half a year did, but for its drop events', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-book-'))
  const path = join(directory, 'ledger.sqlite')
  const book = openTestBook(path, bounds)
  t.after(async () => {
    book.close()
    await rm(directory, { recursive: true })
  })
  const sizes: number[] = []
  for (let day = 0; day < days; day += 1) {
    aDay(book, day)
    if (day === 182 || day === days - 1) sizes.push((await stat(path)).size)
  }
  const perService = days * 24 * recordsPerHour
  const accepted = services.length * perService
  const dropped = services.length * days * lostPerDay
  assert.deepEqual(book.sums(), [accepted, accepted - dropped, dropped, 0, 0])
  const totals = book.accepted({ fromMs: 0, toMs: Number.MAX_SAFE_INTEGER }) as readonly {
    readonly accepted: number
    readonly dropped: number
  }[]
  assert.deepEqual(
    totals.map((row) => [row.accepted, row.dropped]),
    services.map(() => [perService, days * lostPerDay]),
  )
  // The last week is known by the hour, and exactly.
  const week = { fromMs: startMs + (days - 7) * 24 * hourMs, toMs: startMs + days * 24 * hourMs }
  const [last] = book.accepted(week) as readonly { accepted: number; uncertain: number }[]
  assert.deepEqual([last?.accepted, last?.uncertain], [7 * 24 * recordsPerHour, 0])
  const [half = 0, whole = 0] = sizes
  t.diagnostic(`${half} bytes after half a year, ${whole} after a year`)
  const dropBytes = services.length * (days - 183) * 400
  assert.ok(whole - half < dropBytes + half * 0.1, `${half} bytes, then ${whole}`)
})
