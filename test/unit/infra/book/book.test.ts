import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { AccountBook } from '../../../../infra/book/account-book.ts'
import { openPage } from '../../../../infra/book/page.ts'
import { instant, seq } from '../../../../schemas/brand.ts'
import { batch, delivered, lost, openTestBook, secondMs, startMs } from './events.ts'

const now = instant(startMs + secondMs)

test('what is told is counted: accepted, delivered, dropped, pending and refused', () => {
  const book = openTestBook()
  const [first, second] = [batch({ from: 0, to: 9 }), batch({ from: 10, to: 19 })]
  book.tell((page) => {
    page.accepted([first, second, batch({ from: 20, to: 29 })].map((it) => ({ batch: it })))
    page.ended([delivered(first)], now)
    page.refused([{ tenant: 'acme', service: 'web', records: 7 }], now)
  })
  assert.deepEqual(book.sums(), [30, 10, 0, 20, 7])
  const partly = lost({ from: 10, to: 19 }, { records: 4, reason: 'partially_rejected' })
  book.tell((page) => page.ended([{ batch: second, delivered: 6, drops: [partly] }], now))
  assert.deepEqual(book.sums(), [30, 16, 4, 10, 7])
  book.tell((page) => page.dropped([lost({ from: 20, to: 29 })]))
  assert.deepEqual(book.sums(), [30, 16, 14, 0, 7])
})

test('a batch of which a part was lost is delivered but for that part', () => {
  const book = openTestBook()
  const of = batch({ from: 0, to: 9 })
  const drops = [lost({ from: 2, to: 3 }, { id: 'a' }), lost({ from: 7, to: 7 }, { id: 'b' })]
  book.tell((page) => page.ended([{ batch: of, delivered: 7, drops }], now))
  assert.deepEqual(book.sums(), [10, 7, 3, 0, 0])
})

/** Batches of ten records, each delivered, lost, lost in part, or held. */
const fates = fc.array(fc.constantFrom('delivered', 'dropped', 'mixed', 'held'), {
  minLength: 1,
  maxLength: 30,
})
type Telling = (page: AccountBook) => void

const tellingsOf = (kinds: readonly string[]): readonly Telling[] =>
  kinds.flatMap((kind, index): readonly Telling[] => {
    const span = { from: index * 10, to: index * 10 + 9 }
    const of = batch(span, { acceptedAtMs: instant(startMs + index * 600_000) })
    const accept: Telling = (page) => page.accepted([{ batch: of }])
    switch (kind) {
      case 'delivered':
        return [accept, (page) => page.ended([delivered(of)], now)]
      case 'dropped':
        return [accept, (page) => page.dropped([lost(span)])]
      case 'mixed': {
        const drop = lost(span, { records: 3 })
        return [accept, (page) => page.ended([{ batch: of, delivered: 7, drops: [drop] }], now)]
      }
      default:
        return [accept]
    }
  })

test('what is told twice, late or in another order comes to the same', () => {
  fc.assert(
    fc.property(fates, fc.infiniteStream(fc.nat()), (kinds, chances) => {
      const chance = (below: number): number => Number(chances.next().value) % below
      const expected = openTestBook()
      const tellings = tellingsOf(kinds)
      for (const telling of tellings) expected.tell(telling)
      const book = openTestBook()
      const again = [...tellings, ...tellings.filter(() => chance(2) === 0)]
      const shuffled = again
        .map((telling) => ({ telling, at: chance(1_000) }))
        .sort((a, b) => a.at - b.at)
        .map(({ telling }) => telling)
      while (shuffled.length > 0) {
        const some = shuffled.splice(0, 1 + chance(4))
        book.tell((page) => {
          for (const telling of some) telling(page)
        })
      }
      assert.deepEqual(book.sums(), expected.sums())
      book.close()
      expected.close()
    }),
    { numRuns: 60 },
  )
})

test('a page stays small however many batches it is told of', () => {
  const page = openPage()
  for (let index = 0; index < 10_000; index += 1) {
    const of = batch({ from: index * 10, to: index * 10 + 9 })
    page.accepted([{ batch: of }])
    // Eight sends are out, and answer in turns.
    const other = (index & ~7) + ((index * 5) & 7)
    page.ended([delivered(batch({ from: other * 10, to: other * 10 + 9 }))], now)
  }
  assert.ok(page.size() < 200, `${page.size()}`)
  const { streams } = page.cut({ position: '', atMs: startMs })
  assert.deepEqual(
    streams.map(({ accepted, ended }) => [accepted.length, ended.length]),
    [[0, 1]],
  )
})

test('what is accepted and not ended within a page is held', () => {
  const page = openPage()
  page.accepted([{ batch: batch({ from: 0, to: 99 }) }])
  page.ended([delivered(batch({ from: 20, to: 29 })), delivered(batch({ from: 50, to: 59 }))], now)
  const [stream] = page.cut({ position: '', atMs: startMs }).streams
  assert.deepEqual(
    stream?.accepted.map(({ firstSeq, lastSeq }) => [firstSeq, lastSeq]),
    [
      [0, 19],
      [30, 49],
      [60, 99],
    ],
  )
})

test('a window of hours has what was accepted in it, and late deliveries apart', () => {
  const book = openTestBook()
  const hourMs = 3_600_000
  const atMs = Math.floor(startMs / hourMs) * hourMs
  const inHour = (hour: number) => instant(atMs + hour * hourMs + 60_000)
  for (const hour of [0, 1, 2]) {
    const of = batch({ from: hour * 10, to: hour * 10 + 9 }, { acceptedAtMs: inHour(hour) })
    const delayMs = hour === 1 ? 120_000 : 10
    book.tell((page) => page.ended([delivered(of)], instant(of.acceptedAtMs + delayMs)))
  }
  const window = { fromMs: atMs + hourMs, toMs: atMs + 2 * hourMs - 1 }
  const name = { tenant: 'acme', service: 'web' }
  const counts = { ...{ dropped: 0, pending: 0, refused: 0, uncertain: 0 }, late: 10 }
  assert.deepEqual(
    (book.accepted(window) as object[]).map((row) => ({ ...row })),
    [{ ...name, accepted: 10, delivered: 10, ...counts }],
  )
  const question = { kind: 'late', fromMs: 0, toMs: atMs + 10 * hourMs } as const
  const { late } = book.ask({ type: 'ask', question }) as {
    readonly late: readonly Record<string, unknown>[]
  }
  assert.equal(late.length, 1)
  assert.deepEqual(
    [late[0]?.['records'], late[0]?.['waitMsMax'], late[0]?.['eventFromMs']],
    [10, 120_000, inHour(1)],
  )
  assert.deepEqual(book.accepted({ ...window, tenant: 'globex' }), [])
})

test('a check names what the book has as held and nobody holds, or calls it delivered', () => {
  const book = openTestBook()
  book.tell((page) => {
    page.accepted([{ batch: batch({ from: 0, to: 9 }) }, { batch: batch({ from: 10, to: 19 }) }])
    page.accepted([{ batch: batch({ from: 0, to: 4 }, { service: 'auth' }) }])
  })
  book.ask({ type: 'check' })
  book.ask({ type: 'held', batches: [batch({ from: 10, to: 19 })] })
  book.ask({ type: 'unheld', atMs: startMs + 5 })
  const of = (service: string, change: object) => ({
    ...{ tenant: 'acme', service, accepted: 0, delivered: 0, dropped: 0, pending: 0, refused: 0 },
    ...change,
  })
  const checked = book.ask({
    type: 'sums',
    sums: [
      // Of web ten are gone; the five of auth were delivered, and five more came and went unseen.
      of('web', { accepted: 20, pending: 10 }),
      of('auth', { accepted: 10, delivered: 10 }),
    ],
    atMs: startMs + 5,
    writtenAtMs: startMs,
  }) as { readonly corrections: unknown; readonly state: { readonly missingRecords: number } }
  const missing = [
    { tenant: 'acme', service: 'web', producer: 'edge-1-a', firstSeq: seq(0), lastSeq: seq(9) },
  ]
  assert.deepEqual(checked.corrections, {
    ...{ services: 1, records: 5, missingRecords: 10 },
    missing,
  })
  assert.equal(checked.state.missingRecords, 10)
  assert.deepEqual(book.sums(), [30, 10, 0, 10, 0])
})
