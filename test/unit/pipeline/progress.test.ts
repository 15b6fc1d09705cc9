import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openProgress, progressText } from '../../../pipeline/commands/progress.ts'

const opened = (kind: 'terminal' | 'pipe') => {
  const written: string[] = []
  let now = 0
  const progress = openProgress({
    what: 'replaying',
    unit: 'batches',
    screen: { isTTY: kind === 'terminal', columns: 80, write: (text) => written.push(text) },
    nowMs: () => now,
  })
  return {
    progress,
    written,
    pass: (ms: number) => {
      now += ms
    },
  }
}

test('a line is drawn over on a terminal, not more often than can be seen, and wiped out', () => {
  const { progress, written, pass } = opened('terminal')
  for (let done = 0; done < 1_000; done += 1) {
    pass(1)
    progress.at(done, 1_000)
  }
  progress.end()
  assert.equal(written.length, 11)
  for (const text of written) assert.match(text, /^\r.\[K/u)
  assert.match(written.at(-2) ?? '', /replaying {2}█+░+ {2}90% {2}900 of 1,000 batches/)
  assert.equal(written.at(-1)?.length, 4)
})

test('where nobody looks, nothing is written', () => {
  const { progress, written, pass } = opened('pipe')
  progress.at(1, 2)
  pass(1_000)
  progress.at(2, 2)
  progress.end()
  assert.deepEqual(written, [])
})

test('a line is never wider than the terminal, whatever it is told', () => {
  for (const columns of [1, 10, 20, 40, 80, 200])
    for (const [done, total] of [
      [0, 0],
      [0, 10],
      [5, 10],
      [20, 10],
      [1e12, 1e15],
      [7, undefined],
    ] as const) {
      const text = progressText({
        what: 'verifying',
        unit: 'bytes',
        done,
        total,
        tookMs: 900,
        columns,
      })
      assert.ok(text.length < columns || columns === 1, `${columns}: ${text}`)
      assert.doesNotMatch(text, /NaN|Infinity|undefined/)
    }
})
