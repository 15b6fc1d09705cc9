import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openKeeper } from '../../../pipeline/keeper.ts'
import { instant } from '../../../schemas/brand.ts'

const longJournal = {
  append: async () => undefined,
  checkpoint: async () => undefined,
  bytes: () => 2_000,
  isBroken: () => false,
}

const keeperOver = (checkpoint: () => Promise<void>) => {
  const clock = { nowMs: 0 }
  const lines: string[] = []
  const log = { warn: (event: string) => lines.push(event) }
  const keeper = openKeeper({
    journal: longJournal as never,
    ledger: { checkpoint, note: async () => undefined },
    turnstile: { through: (work) => work() },
    clock: { now: () => instant(clock.nowMs) },
    log: log as never,
    bounds: { journalBytesMax: 1_000 },
    assignments: [],
    actors: new Map(),
    begun: null,
  })
  return { keeper, clock, lines }
}
const failing = (code: string) => Object.assign(new Error(`${code}: write drops.ndjson`), { code })

test('drop events that a full disk does not archive stay in the journal, and are archived later', async () => {
  const outcomes: (Error | undefined)[] = [failing('ENOSPC'), undefined]
  let asked = 0
  const { keeper, clock, lines } = keeperOver(async () => {
    const outcome = outcomes[asked]
    asked += 1
    if (outcome !== undefined) throw outcome
  })
  await keeper.tidy()
  assert.deepEqual(lines, ['journal.untidied'])
  await keeper.tidy()
  assert.equal(asked, 1, 'not again at once')
  clock.nowMs = 10_000
  await keeper.tidy()
  assert.equal(asked, 2)
})

test('a disk that fails otherwise ends the pipeline: what is on it cannot be trusted', async () => {
  const { keeper } = keeperOver(() => Promise.reject(failing('EIO')))
  await assert.rejects(keeper.tidy(), /EIO/)
})
