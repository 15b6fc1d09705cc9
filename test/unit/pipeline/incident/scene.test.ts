import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { cellsOf, marksOf, type Scene } from '../../../../pipeline/incident/scene.ts'

const nothing = { delivered: [], lost: [] }
const scene: Scene = {
  startedAtMs: 1_000,
  nowMs: 1_399,
  durationMs: 500,
  recordsPerMs: 1,
  redirectsAtMs: [1_000, 1_050, 1_499, 9_999],
  restartAtMs: null,
  lanes: {
    naive: {
      delivered: [
        { atMs: 1_000, records: 3 },
        { atMs: 1_099, records: 4 },
        { atMs: 1_250, records: 5 },
      ],
      lost: [{ atMs: 1_210, records: 1 }],
    },
    holdfast: nothing,
    away: nothing,
  },
}

describe('the timeline', () => {
  it('says of each stretch of time what happened in it, and a loss before all else', () => {
    assert.deepEqual(
      cellsOf(scene, 'naive', 5).map(({ state, delivered, lost }) => [state, delivered, lost]),
      [
        ['delivering', 7, 0],
        ['silent', 0, 0],
        ['losing', 5, 1],
        ['silent', 0, 0],
        ['ahead', 0, 0],
      ],
    )
  })

  it('puts what comes after the end into the last stretch', () => {
    assert.deepEqual(marksOf(scene, scene.redirectsAtMs, 5), [2, 0, 0, 0, 2])
  })
})
