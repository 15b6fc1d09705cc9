import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { noBook } from '../../../../infra/book/account-book.ts'
import {
  nothing,
  openTopicAccount,
  type TopicAccount,
} from '../../../../infra/ledger/topic-account.ts'
import { batchId, instant, seq } from '../../../../schemas/brand.ts'
import type { Held, Mark } from '../../../../schemas/messages.ts'
import { batch } from '../../../support/specimen.ts'

const records = 10
const held = (offset: number): Held => {
  const range = { firstSeq: seq(offset * records), lastSeq: seq(offset * records + records - 1) }
  const whole = { ...batch(), ...range, service: `s${offset % 3}` }
  return { batch: { ...whole, id: batchId(whole) }, at: { segment: 0, offset } }
}
const mark = (offset: number, delivered: number): Mark => {
  const { producer, tenant, service } = held(offset).batch
  return {
    at: { segment: 0, offset },
    producer,
    tenant,
    service,
    firstSeq: held(offset).batch.firstSeq,
    delivered,
    dropped: records - delivered,
  }
}
const open = (): TopicAccount => openTopicAccount({ book: noBook, isKept: () => false })

/** What lies in a topic, message by message. */
type Story = {
  readonly announced: readonly (readonly number[])[]
  readonly ended: readonly (readonly { readonly offset: number; readonly delivered: number }[])[]
}

const tell = (
  account: TopicAccount,
  story: Story,
  from: typeof nothing,
  order: readonly boolean[],
) => {
  let [a, e] = [from.appendedTo, from.settlementsTo]
  for (let turn = 0; a < story.announced.length || e < story.ended.length; turn += 1) {
    const isAnnouncing =
      e >= story.ended.length || (a < story.announced.length && order[turn % order.length])
    if (isAnnouncing) {
      const message = story.announced[a] ?? []
      account.announced(message.map(held), { partition: 0, offset: a })
      a += 1
    } else {
      const marks = (story.ended[e] ?? []).map((it) => mark(it.offset, it.delivered))
      account.ended({ marks, drops: [] }, { partition: 0, offset: e, atMs: instant(1) })
      e += 1
    }
  }
}

/** Batches in announcements of some size, announced in any order of their offsets, ended more than once. */
const stories = fc
  .record({
    offsets: fc.shuffledSubarray(Array.from({ length: 30 }, (_, index) => index)),
    sizes: fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 40 }),
    ends: fc.array(fc.record({ offset: fc.nat(29), delivered: fc.nat(records) }), {
      maxLength: 60,
    }),
    endSizes: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 60 }),
  })
  .map(
    ({ offsets, sizes, ends, endSizes }): Story => ({
      announced: cut(offsets, sizes),
      ended: cut(
        ends.filter(({ offset }) => offsets.includes(offset)),
        endSizes,
      ),
    }),
  )

const cut = <Item>(
  items: readonly Item[],
  sizes: readonly number[],
): readonly (readonly Item[])[] => {
  const left = [...items]
  const pieces = sizes.map((size) => left.splice(0, size))
  return [...pieces, left]
}
const orders = fc.array(fc.boolean(), { minLength: 1, maxLength: 20 })

test('a batch counts once and ends once, by its first end, in whatever order two topics are read', () => {
  fc.assert(
    fc.property(stories, orders, orders, (story, one, other) => {
      const [first, second] = [open(), open()]
      tell(first, story, nothing, one)
      tell(second, story, nothing, other)
      assert.deepEqual(first.ledger.totals(), second.ledger.totals())
      assert.equal(first.ledger.totals().unaccounted, 0)
      assert.equal(first.ledger.totals().accepted, story.announced.flat().length * records)
    }),
  )
})

test('an account that goes on from a checkpoint, of topics that were cut off there, is the same', () => {
  fc.assert(
    fc.property(stories, orders, orders, fc.nat(40), (story, one, other, readMax) => {
      const whole = open()
      tell(whole, story, nothing, one)
      const before = open()
      tell(
        before,
        { announced: story.announced.slice(0, readMax), ended: story.ended.slice(0, readMax) },
        nothing,
        other,
      )
      const checkpoint = before.checkpoint(0)
      const after = open()
      after.restore(0, checkpoint)
      tell(after, story, checkpoint, other)
      assert.deepEqual(after.ledger.totals(), whole.ledger.totals())
    }),
  )
})

test('what has ended wholly may be cut off, and what waits may not', () => {
  const account = open()
  const at = (offset: number) => ({ partition: 0, offset })
  account.announced([held(0), held(1)], at(0))
  account.announced([held(2)], at(1))
  account.ended(
    { marks: [mark(0, records), mark(2, records)], drops: [] },
    { ...at(0), atMs: instant(1) },
  )
  const { rows: _, ...waiting } = account.checkpoint(0)
  assert.deepEqual(waiting, { appendedTo: 0, settlementsTo: 0 })
  account.ended({ marks: [mark(1, 4)], drops: [] }, { ...at(1), atMs: instant(1) })
  const { rows, ...done } = account.checkpoint(0)
  assert.deepEqual(done, { appendedTo: 2, settlementsTo: 2 })
  assert.equal(
    rows.reduce((sum, row) => sum + row.delivered, 0),
    24,
  )
})
