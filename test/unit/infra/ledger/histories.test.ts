import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { LedgerError } from '../../../../infra/ledger/ledger-error.ts'
import { replay } from '../../../../infra/ledger/replay.ts'
import type { Held, LedgerRow } from '../../../../schemas/messages.ts'
import { openFaultyDisk } from '../../../support/faulty-disk.ts'
import { at, fateOf, type Life, live } from './life.ts'
import { RejectedError } from './memory-journal.ts'

/** What may happen to a ledger. Numbers pick from what is there at that moment. */
type Step =
  | { readonly kind: 'accept'; readonly stream: number; readonly records: number }
  | { readonly kind: 'seal' }
  | { readonly kind: 'end'; readonly picks: readonly number[]; readonly lost: number }
  | { readonly kind: 'evict'; readonly pick: number }
  | { readonly kind: 'retire'; readonly pick: number }
  | { readonly kind: 'sweep' }
  | { readonly kind: 'checkpoint' }
  | { readonly kind: 'restart' }
  | { readonly kind: 'reject'; readonly rejection: 'kept' | 'lost' }
  | { readonly kind: 'atOnce'; readonly steps: readonly Step[] }

const pick = fc.nat({ max: 1_000 })
const single = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('accept' as const),
      stream: fc.nat({ max: 3 }),
      records: fc.integer({ min: 1, max: 5 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('seal' as const) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('end' as const),
      picks: fc.array(pick, { minLength: 1, maxLength: 4 }),
      lost: fc.nat({ max: 5 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('evict' as const), pick }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('retire' as const), pick }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('checkpoint' as const) }) },
)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: single },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('sweep' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('reject' as const),
      rejection: fc.constantFrom('kept' as const, 'lost' as const),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('atOnce' as const),
      steps: fc.array(single, { minLength: 2, maxLength: 5 }),
    }),
  },
)

type World = Life & {
  readonly all: Held[]
  readonly closed: Set<number>
  lives: number
  records: number
}

const chosen = <Item>(items: readonly Item[], index: number): Item | undefined =>
  items[index % Math.max(1, items.length)]

const run = async (world: World, next: Step): Promise<void> => {
  switch (next.kind) {
    case 'accept':
      return accept(world, next)
    case 'seal':
      return world.log.seal()
    case 'end': {
      const held = next.picks.flatMap((it) => chosen(world.all, it) ?? [])
      const fates = held.map((it) =>
        fateOf(it, { lost: Math.min(next.lost, it.batch.lastSeq - it.batch.firstSeq + 1) }),
      )
      const settlements = await unlessRejected(world.ledger().recordFates(fates, at(1)))
      for (const [index, { delivered, dropped, batchId }] of (settlements ?? []).entries()) {
        const batch = fates[index]?.held.batch
        assert.equal(batchId, batch?.id)
        assert.equal(delivered + dropped, (batch?.lastSeq ?? 0) - (batch?.firstSeq ?? 0) + 1)
      }
      return
    }
    case 'evict':
    case 'retire':
      return close(world, next)
    case 'sweep':
      for (const segment of world.closed) await world.log.remove(segment)
      for (const segment of world.closed) world.ledger().removed(segment)
      return world.closed.clear()
    case 'checkpoint':
      return world.checkpoint()
    case 'restart':
      world.lives += 1
      world.closed.clear()
      return world.restart()
    case 'reject':
      return world.journal.rejectNext(next.rejection)
    case 'atOnce':
      await Promise.all(next.steps.map((it) => run(world, it)))
  }
}

const accept = (world: World, { stream, records }: Extract<Step, { kind: 'accept' }>): void => {
  const producer = `edge-1.${world.lives}`
  const [tenant, service] = [`t${stream >> 1}`, `s${stream & 1}`]
  world.all.push(world.accept({ producer, tenant, service, records }))
  world.records += records
}

/** Nothing is appended to a segment that is being closed: so does the cache. */
const close = async (world: World, next: Extract<Step, { kind: 'evict' | 'retire' }>) => {
  const segment = chosen(world.log.segments(), next.pick)
  if (segment === undefined) return
  if (segment === world.log.newest()) world.log.seal()
  const { recordEviction, recordRetirement } = world.ledger()
  const closing: Promise<unknown> =
    next.kind === 'evict'
      ? recordEviction(segment, at(1))
      : recordRetirement(segment).then(() => 'retired', refusedAsPending)
  const done = await unlessRejected(closing)
  if (done !== undefined && done !== 'pending') world.closed.add(segment)
}

const refusedAsPending = (error: unknown): 'pending' => {
  if (error instanceof LedgerError && error.code === 'segment_pending') return 'pending'
  throw error
}

const unlessRejected = async <Result>(work: Promise<Result>): Promise<Result | undefined> => {
  try {
    return await work
  } catch (error) {
    if (error instanceof RejectedError) return undefined
    throw error
  }
}

const assertBalanced = async (world: World): Promise<void> => {
  const ledger = world.ledger()
  const { refused: _, ...totals } = ledger.totals()
  assert.equal(totals.unaccounted, 0)
  assert.equal(totals.accepted, world.records)
  assert.equal(totals.pending, world.log.unendedRecords())
  const drops = await world.drops()
  assert.equal(
    totals.dropped,
    drops.reduce((sum, { records }) => sum + records, 0),
  )
  assert.equal(new Set(drops.map(({ id }) => id)).size, drops.length)
  const streams = ledger.streams()
  assert.ok(streams.every(({ unaccounted }) => unaccounted === 0))
  for (const name of ['accepted', 'delivered', 'dropped', 'pending'] as const) {
    assert.equal(
      totals[name],
      streams.reduce((sum, stream) => sum + stream[name], 0),
    )
    const tenants = ['t0', 't1'].map((tenant) => ledger.totals(tenant)[name])
    assert.equal(
      totals[name],
      tenants.reduce((sum, it) => sum + it),
    )
  }
}

/** The newest journal file tells the same as all that ever was in a journal. */
const assertSameReplay = async (world: World): Promise<void> => {
  const short = await replay(world.journal.recover())
  const long = await replay(factsOf(world.journal.history()))
  assert.deepEqual(sorted(short.account.rows()), sorted(long.account.rows()))
  assert.deepEqual(short.ended.offsets, long.ended.offsets)
  assert.ok(short.ended.segments.isSubsetOf(long.ended.segments))
  for (const segment of world.log.segments()) {
    assert.equal(short.ended.segments.has(segment), long.ended.segments.has(segment))
  }
}
const factsOf = async function* <Item>(items: readonly Item[]) {
  yield* items
}
const sorted = (rows: readonly LedgerRow[]) =>
  rows
    .filter(({ retired, delivered, dropped }) => retired + delivered + dropped > 0)
    .map((row) => JSON.stringify({ ...row, refused: 0 }))
    .sort()

const property = (rowsMax: number, assertMore: (world: World) => Promise<void>) =>
  fc.asyncProperty(fc.array(step, { maxLength: 60, size: 'max' }), (steps) =>
    live(
      async (life) => {
        const world: World = { ...life, all: [], closed: new Set(), lives: 0, records: 0 }
        for (const next of [...steps, { kind: 'restart' } as const]) {
          await run(world, next)
          await assertBalanced(world)
          await assertMore(world)
        }
      },
      { rowsMax, dropsMax: 6, disk: openFaultyDisk({ seed: steps.length }) },
    ),
  )

test('the account balances, and the newest journal file tells all of it, whatever happens', () =>
  fc.assert(property(1_000, assertSameReplay), { numRuns: 150 }))

test('the account balances while streams of former lives are joined', () =>
  fc.assert(
    property(2, async () => {}),
    { numRuns: 150 },
  ))
