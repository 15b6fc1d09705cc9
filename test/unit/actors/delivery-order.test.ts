import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { delivery } from '../../../actors/delivery/machine.ts'
import type { DeliveryEffects, Verdict } from '../../../actors/delivery/protocol.ts'
import { epoch } from '../../../schemas/brand.ts'
import type { BatchesReturned, BatchesSettled, Held } from '../../../schemas/messages.ts'
import { recordsIn } from '../../../schemas/range-set.ts'
import { type Drive, drive, type Effect } from '../../support/drive.ts'
import { assignmentOf, deliveryInput, heldAt, settlementOf } from '../../support/route-parts.ts'

type It = Drive<typeof delivery>
const [one, two] = [heldAt(1), heldAt(2)] as const
const answer = (it: It, verdict: Verdict, attempt = it.context().attempt) =>
  it.tell({ type: 'attempt.answered', attempt, verdict, jitter: 0.25 })
const assign = (it: It, number: number) =>
  it.tell({ type: 'endpoint.assigned', assignment: assignmentOf(number) })
const record = (it: It, ...held: readonly Held[]) =>
  it.tell({ type: 'fates.recorded', settlements: held.map(settlementOf) })
const messageIn = <Message>(effects: readonly Effect[], type: string): Message | undefined =>
  effects
    .filter((effect) => effect.type === 'tell')
    .map(({ params }) => (params as { message: { type: string } }).message)
    .find((message) => message.type === type) as Message | undefined

type Played = { readonly ended: number; readonly settled: string[]; readonly returned: string[] }

/** Counts what a send tells, over all its steps. */
const tally = (played: Played, effects: readonly Effect[]): Played => {
  const settled = messageIn<BatchesSettled>(effects, 'batches.settled')?.settlements ?? []
  const returned = messageIn<BatchesReturned>(effects, 'batches.returned')?.held ?? []
  return {
    ended: played.ended + (messageIn(effects, 'send.ended') === undefined ? 0 : 1),
    settled: [...played.settled, ...settled.map(({ batchId }) => batchId)],
    returned: [...played.returned, ...returned.map(({ batch }) => batch.id)],
  }
}

const verdictArbitrary: fc.Arbitrary<Verdict> = fc.oneof(
  fc.constantFrom<Verdict>(
    { kind: 'accepted' },
    { kind: 'failed', status: 500, detail: '' },
    { kind: 'redirected', status: 307, location: null },
    { kind: 'tooLarge' },
    { kind: 'throttled', status: 429, retryAfterMs: null },
    { kind: 'unreachable', detail: '' },
    { kind: 'rejected', status: 400, message: '' },
  ),
  fc.nat(9).map((rejected): Verdict => ({ kind: 'partial', rejected, message: '' })),
  fc
    .constantFrom(one, two)
    .map((held): Verdict => ({ kind: 'unreadable', held: [held], detail: '' })),
)
type Play = (it: It) => void
const playArbitrary: fc.Arbitrary<Play> = fc.oneof(
  {
    weight: 6,
    arbitrary: verdictArbitrary.map(
      (verdict): Play =>
        (it) =>
          answer(it, verdict),
    ),
  },
  verdictArbitrary.map(
    (verdict): Play =>
      (it) =>
        answer(it, verdict, it.context().attempt - 1),
  ),
  fc.nat(8).map(
    (number): Play =>
      (it) =>
        assign(it, number),
  ),
  fc.nat(8).map(
    (number): Play =>
      (it) =>
        it.tell({ type: 'redirect.refused', sendId: 's1', epoch: epoch(number), reason: '' }),
  ),
  fc.nat(20_000).map(
    (ms): Play =>
      (it) =>
        it.wait(ms),
  ),
  fc.constant<Play>((it) => it.fire()),
  fc.constant<Play>((it) => it.tell({ type: 'timer.fired' })),
  fc.subarray([one, two]).map(
    (held): Play =>
      (it) => {
        if (it.state() === 'recording') record(it, ...held.filter((one) => isDone(it, one)))
      },
  ),
)
const isDone = (it: It, { batch }: Held): boolean => batch.id in it.context().progress

test('delivery S1, delivery S2, delivery S4, delivery S9: whatever comes, in whatever order, these hold after every step.', () => {
  const plays = fc.array(playArbitrary, { maxLength: 25 })
  const property = fc.property(plays, fc.constantFrom(0, 15_000), (steps, ageMsMax) => {
    let played: Played = { ended: 0, settled: [], returned: [] }
    let lastEpoch = 0
    const check = (it: It): void => {
      played = tally(played, it.effects())
      for (const { type, params } of it.effects()) {
        if (type === 'attempt') {
          const { assignment, deadlineMs, piece } = params as DeliveryEffects['attempt']
          assert.ok(assignment.epoch >= lastEpoch && deadlineMs <= deliveryInput.leaseUntilMs)
          assert.equal(assignment.epoch, it.context().newest.epoch)
          assert.ok(piece.held.length > 0)
          lastEpoch = assignment.epoch
        }
        if (type !== 'recordFates') continue
        for (const { held, delivered, drops } of (params as DeliveryEffects['recordFates']).fates) {
          const lost = drops.reduce((sum, { records }) => sum + records, 0)
          assert.equal(delivered + lost, recordsIn(held.batch))
          assert.ok(delivered >= 0)
        }
      }
      assert.equal(played.ended, it.isDone() ? 1 : 0)
    }
    const it = drive(delivery, { ...deliveryInput, held: [one, two], ageMsMax }, { check })
    for (const play of steps) if (!it.isDone()) play(it)
    for (let i = 0; !it.isDone() && i < 10; i++) it.fire()
    assert.ok(it.isDone(), `still ${it.state()}`)
    const ends = [...played.settled, ...played.returned].sort()
    assert.deepEqual(ends, [one.batch.id, two.batch.id].sort())
  })
  fc.assert(property, { numRuns: 400 })
})
