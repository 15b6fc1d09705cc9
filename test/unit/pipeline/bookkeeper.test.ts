import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { inMemory, openBookDatabase } from '../../../infra/book/book-database.ts'
import { BookError } from '../../../infra/book/book-error.ts'
import type { BookRequest } from '../../../infra/book/book-request.ts'
import type { BookStore } from '../../../infra/book/book-store.ts'
import type { Ledger } from '../../../infra/ledger/ledger.ts'
import { openLog } from '../../../infra/telemetry/log.ts'
import { openBookkeeper } from '../../../pipeline/bookkeeper.ts'
import { instant } from '../../../schemas/brand.ts'
import { batch, lost, startMs } from '../infra/book/events.ts'

const secondMs = 1_000
const turnsMax = 50

/** A book in memory of which each page is said to take a second of the store's time. */
const openTrial = () => {
  const database = openBookDatabase(inMemory)
  const asked: BookRequest[] = []
  let nowMs = startMs
  let spentMs = 0
  let disk: 'takes' | 'refuses' = 'takes'
  const timers = new Set<{ readonly atMs: number; readonly call: () => void }>()
  const totals = { accepted: 0, delivered: 0, dropped: 0, pending: 0, refused: 0, unaccounted: 0 }
  const store: BookStore = {
    ask: async (request) => {
      if (disk === 'refuses') throw new BookError('unwritable', 'The disk takes nothing.')
      asked.push(request)
      if (request.type === 'page') spentMs += secondMs
      return database.answer(request)
    },
    spentMs: () => spentMs,
    close: async () => database.close(),
  }
  const keeper = openBookkeeper({
    store,
    clock: {
      now: () => instant(nowMs),
      at: (atMs, call) => {
        const timer = { atMs, call }
        timers.add(timer)
        return () => timers.delete(timer)
      },
      chance: () => 0,
    },
    log: openLog({ write: () => undefined, level: 'error', now: () => nowMs }),
  })
  const ledger: Pick<Ledger, 'totals' | 'services' | 'drops' | 'producers'> = {
    totals: () => ({ ...totals }),
    services: () => [],
    drops: async () => ({ drops: [], cursor: null }),
    producers: () => [],
  }
  const settled = async (): Promise<void> => {
    for (let turns = 0; turns < turnsMax; turns += 1) await turn()
  }
  let next = 0
  return {
    keeper,
    /** Takes so many batches of one record, and loses each. */
    lose: (count: number): void => {
      for (const last = next + count; next < last; next += 1) {
        const span = { from: next, to: next }
        keeper.book.accepted([{ batch: batch(span) }])
        keeper.book.dropped([lost(span)])
        totals.accepted += 1
        totals.dropped += 1
      }
    },
    begin: async (): Promise<void> => {
      keeper.begin({ ledger, held: async function* () {} })
      await settled()
    },
    pass: async (ms: number): Promise<void> => {
      for (const untilMs = nowMs + ms; nowMs < untilMs; ) {
        nowMs += 500
        for (const timer of [...timers]) {
          if (timer.atMs > nowMs) continue
          timers.delete(timer)
          timer.call()
        }
        await settled()
      }
    },
    turnDisk: (to: typeof disk): void => {
      disk = to
    },
    /** Drop events by the kind of request that they were written with, in order, since last asked. */
    written: (): readonly string[] =>
      asked.splice(0).flatMap((request) => {
        if (request.type === 'events') return [`events ${request.drops.length}`]
        return request.type === 'page' ? [`page ${request.page.drops.length}`] : []
      }),
    sums: () => {
      const answer = database.answer({ type: 'state' })
      return answer.type === 'state' ? answer.state.sums : null
    },
  }
}

test('drop events are written each second, though the page of them is put off', async () => {
  const trial = openTrial()
  await trial.begin()
  trial.lose(10)
  await trial.pass(2 * secondMs)
  assert.deepEqual(trial.written(), ['events 10', 'page 0'])
  trial.lose(2_000)
  assert.equal(trial.keeper.view().waiting, 2_002)
  await trial.pass(2 * secondMs)
  assert.deepEqual(trial.written(), ['events 2000'])
  assert.equal(trial.keeper.view().waiting, 2)
  trial.lose(1)
  await trial.pass(2 * secondMs)
  assert.deepEqual(trial.written(), ['events 1'])
  await trial.pass(30 * secondMs)
  assert.deepEqual(trial.written(), ['page 0'])
  assert.deepEqual(trial.sums(), {
    ...{ accepted: 2_011, delivered: 0, dropped: 2_011, pending: 0, refused: 0 },
  })
  await trial.keeper.close()
})

test('drop events that the disk did not take are written when it does', async () => {
  const trial = openTrial()
  await trial.begin()
  trial.lose(1)
  await trial.pass(2 * secondMs)
  trial.written()
  trial.turnDisk('refuses')
  trial.lose(5)
  await trial.pass(10 * secondMs)
  trial.lose(3)
  assert.deepEqual(trial.written(), [])
  assert.equal(trial.keeper.view().waiting, 5 + 3 + 2)
  trial.turnDisk('takes')
  await trial.pass(60 * secondMs)
  assert.deepEqual(trial.written(), ['events 5', 'page 3'])
  await trial.keeper.close()
})
