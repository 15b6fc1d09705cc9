import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { boundedLines } from '../../../pipeline/bounded-lines.ts'

const lineOf = (index: number): string => `${String(index).padStart(1_023, '.')}\n`
const linesMax = 5_000

/** A stream whose reader takes nothing before it is let. */
const openStuck = () => {
  const taken: string[] = []
  let letGo: (() => void) | null = null
  let isLet = false
  const stream = new Writable({
    decodeStrings: false,
    write: (chunk, _, done) => {
      taken.push(String(chunk))
      if (isLet) done()
      else letGo = done
    },
  })
  return {
    stream,
    taken,
    read: async (): Promise<void> => {
      isLet = true
      letGo?.()
      while (stream.writableLength > 0) await turn()
      isLet = false
    },
  }
}

test('lines that nobody takes wait up to a bound; how many were left out is said where they were', async () => {
  const { stream, taken, read } = openStuck()
  const write = boundedLines(stream)
  for (let round = 0; round < 2; round += 1) {
    taken.length = 0
    for (let index = 0; index < linesMax; index += 1) write(lineOf(index))
    assert.ok(stream.writableLength < 4.1 * 1024 * 1024, `${stream.writableLength} bytes wait`)
    await read()
    const told = JSON.parse(taken.pop() ?? '')
    assert.equal(told.event, 'lines.omitted')
    assert.ok(told.lines > 0)
    assert.deepEqual(
      taken,
      Array.from({ length: linesMax - told.lines }, (_, index) => lineOf(index)),
    )
  }
})

test('a line is written at once while the reader takes them', async () => {
  const { stream, taken, read } = openStuck()
  const write = boundedLines(stream)
  write('one\n')
  await read()
  write('two\n')
  assert.deepEqual(taken, ['one\n', 'two\n'])
})
