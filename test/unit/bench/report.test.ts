import assert from 'node:assert/strict'
import { test } from 'node:test'
import { barsPicture } from '../../bench/bars-picture.ts'
import { ratiosOf, runOf, tableOf } from '../../bench/report.ts'
import type { Measured } from '../../bench/trial.ts'

const measured: Measured = {
  recordsPerSecond: 400_000,
  cpuSecondsPerMillion: 2.5,
  coresUsed: 1,
  peakMegabytes: 200,
  bytesWrittenPerRecord: 520,
  p50Ms: 8,
  p99Ms: 30,
  drainPerSecond: 1_000_000,
  drainPeakMegabytes: 250,
  lost: 0,
  refusals: 0,
}
const runOfTrials = (name: string, trials: readonly Partial<Measured>[]) =>
  runOf(
    { name, durability: 'fsync' },
    trials.map((trial) => ({ ...measured, ...trial })),
  )

test('a figure is the median of the trials that could tell it, and null where none could', () => {
  const some = runOfTrials('some', [
    { drainPerSecond: null },
    { drainPerSecond: 700_000 },
    { drainPerSecond: 900_000 },
  ])
  assert.equal(some.drainPerSecond, 700_000)
  const none = runOfTrials('none', [{ drainPerSecond: null, recordsPerSecond: null, lost: 500 }])
  assert.equal(none.drainPerSecond, null)
  assert.equal(none.recordsPerSecondRange, null)
  assert.equal(none.lost, 500)
})

test('what could not be told is a dash in the table, none in the picture, and null as a ratio', () => {
  const runs = [
    runOfTrials('all', [{}]),
    runOfTrials('none', [
      { drainPerSecond: null, p50Ms: null, p99Ms: null, recordsPerSecond: null, coresUsed: null },
    ]),
  ]
  const [titles, , row] = tableOf(runs).split('\n')
  assert.match(titles ?? '', /drain\/s/)
  assert.match(row ?? '', /none +fsync +– +2\.50 +2\.5–2\.5 +– +200 +520 +– +– +– +0$/)
  assert.match(barsPicture(runs), />none<\/text>/)
  const texts = [tableOf(runs), barsPicture(runs), JSON.stringify(ratiosOf(runs))]
  for (const text of texts) assert.doesNotMatch(text, /NaN|Infinity|null\b.*records\/s/)
  assert.deepEqual(ratiosOf(runs)['all/none'], {
    recordsPerSecond: null,
    cpuSecondsPerMillion: 1,
    peakMegabytes: 1,
    bytesWrittenPerRecord: 1,
    p50Ms: null,
    p99Ms: null,
    drainPerSecond: null,
  })
})
