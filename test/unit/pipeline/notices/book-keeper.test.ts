import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { openBook } from '../../../../infra/notices/book.ts'
import { openBookKeeper } from '../../../../pipeline/notices/book-keeper.ts'
import { instant } from '../../../../schemas/brand.ts'

const second = 1_000

/** A book of one webhook, on a disk that fails while it is told to. */
const deskOf = () => {
  let nowMs = 0
  let isFailing = false
  const complaints: string[] = []
  const book = openBook({
    recipients: [{ webhook: 'one', tenants: ['*'], covers: () => true }],
    source: '/holdfast/edge-1',
    pace: { lingerMs: 0, intervalMs: second, backoff: { initialMs: second, maxMs: second } },
    chance: () => 0,
    bytesMax: 1_000_000,
    head: { nonce: 'n', place: { sinceMs: 0 }, route: null },
    restored: [],
    nowMs,
    buried: () => assert.fail('given up'),
    forgotten: () => assert.fail('forgotten'),
    thinned: () => assert.fail('thinned'),
  })
  const keeper = openBookKeeper({
    book,
    file: {
      found: { kind: 'nothing' },
      keep: async () => {
        if (isFailing) throw new Error('EIO')
      },
      close: async () => undefined,
    },
    clock: { now: () => instant(nowMs) },
    complain: (message) => complaints.push(message),
  })
  const [lane] = book.lanes
  assert.ok(lane)
  return {
    complaints,
    /** Something happens; which notice it is. */
    happen: (subject: string): string => {
      lane.happen('stall', { subject, mark: subject, happening: {}, nowMs })
      lane.seal(nowMs)
      keeper.changed()
      return lane.waiting().find((it) => it.subject === subject)?.id ?? ''
    },
    keep: keeper.keep,
    fail: () => {
      isFailing = true
    },
    mend: () => {
      isFailing = false
    },
    pass: (ms: number) => {
      nowMs += ms
    },
  }
}

describe('a notice on a disk that fails', () => {
  test('waits until it is kept, while those that are kept are sent', async () => {
    const desk = deskOf()
    const kept = desk.happen('before')
    await desk.keep()
    desk.fail()
    const unkept = desk.happen('during')
    assert.deepEqual([...(await desk.keep())], [kept])
    assert.equal(desk.complaints.length, 1)
    desk.pass(second)
    desk.mend()
    assert.deepEqual([...(await desk.keep())], [kept, unkept])
  })

  test('is sent all the same when the disk fails for ten seconds', async () => {
    const desk = deskOf()
    desk.fail()
    const unkept = desk.happen('during')
    assert.deepEqual([...(await desk.keep())], [])
    desk.pass(9.9 * second)
    assert.deepEqual([...(await desk.keep())], [])
    desk.pass(0.1 * second)
    assert.deepEqual([...(await desk.keep())], [unkept])
  })

  test('waits again once the disk has worked in between', async () => {
    const desk = deskOf()
    desk.fail()
    const first = desk.happen('first')
    await desk.keep()
    desk.mend()
    await desk.keep()
    desk.pass(20 * second)
    desk.fail()
    desk.happen('second')
    assert.deepEqual([...(await desk.keep())], [first])
  })
})
