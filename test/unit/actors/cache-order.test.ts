import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { priorities } from '../../../actors/cache/context.ts'
import type { CacheInput } from '../../../actors/cache/protocol.ts'
import { type CacheWorld, cacheWorld } from '../../support/cache-world.ts'

const services = ['auth', 'web', 'cron'] as const
const classes = ['high', 'normal', 'low'] as const
const small = { batchesMax: 3, bytesMax: 2_500 }
const large = { batchesMax: 50, bytesMax: 50_000 }

const partOf = (detail: number) => {
  const kind = detail % 3
  const bytes = 400 + 300 * (detail % 8)
  return { service: services[kind] ?? 'auth', priority: classes[kind] ?? 'normal', bytes }
}

/** Each number is a move; what cannot be done at the moment is left out. */
const play = (world: CacheWorld, move: number): void => {
  const [kind, detail] = [move % 16, Math.floor(move / 16)]
  if (kind <= 2) world.append([partOf(detail)])
  if (kind === 3) world.append([partOf(detail), partOf(detail + 1), partOf(detail + 2)])
  if (kind <= 6 && kind >= 4) world.log.act(detail, 'do')
  if (kind === 7) world.log.act(detail, 'fail')
  if (kind >= 8 && kind <= 10) world.hearAnswer(detail)
  if (kind === 11) world.end(detail, detail % 3 === 0 ? 'return' : 'settle')
  if (kind === 12)
    world.demand(
      detail % 3 === 0 ? large : detail % 3 === 1 ? small : { batchesMax: 0, bytesMax: 0 },
    )
  if (kind === 13) world.hearWord(detail, detail % 4 === 0 ? 'twice' : 'once')
  if (kind === 14) world.fire()
  if (kind === 15) {
    if (detail % 2 === 0) world.tell({ type: 'timer.fired' })
    else world.drive.wait(100 * (detail % 40))
  }
}

/** Nothing fails any more, everything arrives, and what is leased is settled: what is left then? */
const settle = (world: CacheWorld): void => {
  world.demand(large)
  for (let round = 0; round < 2_000 && !isOver(world); round++) {
    world.log.act(0, 'do')
    world.hearAnswer(0)
    world.hearWord(0, 'once')
    world.end(0, 'settle')
    const { asked, answers } = world.log
    if (asked.length + answers.length + world.words.length + world.inHand.length === 0) world.fire()
  }
}

const isOver = ({ log, words, drive, answered, appendsAsked }: CacheWorld): boolean =>
  log.asked.length + log.answers.length + words.length === 0 &&
  !log.ends().includes('pending') &&
  drive.context().leases.length + drive.context().leaving.length === 0 &&
  drive.state() === 'open' &&
  answered.size === appendsAsked()

const whenFull = fc.constantFrom<CacheInput['whenFull']>('overwrite_oldest', 'refuse')
const ordering = fc.constantFrom<CacheInput['ordering']>('none', 'stream')
const readyMax = fc.constantFrom(1, 4)
const capacityBytes = fc.constantFrom(8_000, 12_000)
const moves = fc.array(fc.nat({ max: 10_000 }), { maxLength: 160, size: 'max' })

test('cache K1, cache K2, cache K3, cache K4, cache K5, cache K7, cache K8, cache K9, cache K10, cache K11, cache K12: whatever comes late, twice, badly or out of order.', () => {
  fc.assert(
    fc.property(
      fc.record({ whenFull, ordering, readyMax, capacityBytes }),
      moves,
      (given, list) => {
        const world = cacheWorld(given)
        for (const move of list) play(world, move)
        settle(world)
        assert.ok(
          isOver(world),
          `K12: ${world.drive.state()} ${JSON.stringify(world.drive.context())}`,
        )
        const { lanes } = world.drive.context()
        for (const segment of priorities.flatMap((priority) => lanes[priority].segments)) {
          assert.equal(segment.batches, 0, 'K12: a segment waits for a batch that is over')
          assert.ok(!segment.sealed, 'K12: a segment that is over is still there')
        }
      },
    ),
    { numRuns: 300 },
  )
})
