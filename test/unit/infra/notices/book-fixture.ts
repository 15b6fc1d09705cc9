import assert from 'node:assert/strict'
import { type Book, type Entry, openBook } from '../../../../infra/notices/book.ts'
import type { DeadLetter } from '../../../../infra/notices/notice.ts'
import { instant, seq } from '../../../../schemas/brand.ts'
import type { Drop } from '../../../../schemas/messages.ts'
import type { CloudEvent } from '../../../support/webhook-receiver.ts'

export const second = 1_000
export const minute = 60 * second
const pace = {
  lingerMs: 5 * second,
  intervalMs: 15 * minute,
  backoff: { initialMs: second, maxMs: 5 * minute },
}

export const dropOf = (number: number, change: Partial<Drop> = {}): Drop => ({
  id: `${String(number).padStart(9, '0')}-0000`,
  atMs: instant(number),
  tenant: 'acme',
  service: 'auth',
  producer: 'edge-1-x',
  firstSeq: seq(number * 10),
  lastSeq: seq(number * 10 + 9),
  records: 10,
  bytes: 1_000,
  reason: 'cache_overwritten',
  detail: 'the cache was full',
  fromMs: instant(1_000_000 + number),
  toMs: instant(2_000_000 + number),
  ...change,
})

export type Desk = {
  readonly book: Book
  readonly buried: DeadLetter[]
  readonly forgotten: DeadLetter[]
}
export const deskOf = ({
  webhooks = ['one'],
  bytesMax = 1_000_000,
  lines,
}: {
  readonly webhooks?: readonly string[]
  readonly bytesMax?: number
  readonly lines?: readonly string[]
} = {}): Desk & { readonly thinned: () => number } => {
  const buried: DeadLetter[] = []
  const forgotten: DeadLetter[] = []
  let thinned = 0
  const [head, ...rest] = (lines ?? []).map((line) => JSON.parse(line))
  const book = openBook({
    recipients: webhooks.map((webhook) => ({
      webhook,
      tenants: [webhook === 'acme' ? 'acme' : '*'],
      covers: (tenant) => webhook !== 'acme' || tenant === 'acme',
    })),
    source: '/holdfast/edge-1',
    pace,
    chance: () => 0,
    bytesMax,
    head: head ?? { nonce: 'n', place: { sinceMs: 0 }, route: null },
    restored: rest as readonly Entry[],
    nowMs: 0,
    buried: (letter) => buried.push(letter),
    forgotten: (letter) => forgotten.push(letter),
    thinned: () => {
      thinned += 1
    },
  })
  return { book, buried, forgotten, thinned: () => thinned }
}

export const lane = ({ book }: Desk, index = 0) => book.lanes[index] ?? assert.fail('no such lane')
type LossData = {
  readonly tenant: string
  readonly records: number
  readonly drops: number
  readonly ranges: readonly { readonly firstSeq: number; readonly lastSeq: number }[]
  readonly rangesOmitted: number
  readonly reasons: Readonly<Record<string, number>>
}
export const waiting = (desk: Desk, index = 0): readonly CloudEvent<LossData>[] =>
  lane(desk, index)
    .waiting()
    .map(({ event }) => JSON.parse(event))
