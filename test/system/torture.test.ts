import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'

const run = promisify(execFile)
const program = join(import.meta.dirname, '../torture/run.ts')

test('a few seconds of torture: what is gone is reported, and the command says so', async () => {
  const words = [program, '--minutes', '0.1', '--seed', '3', '--json']
  const { stdout } = await run(process.execPath, words)
  const told = JSON.parse(stdout.trim().split('\n').at(-1) ?? '')
  assert.equal(told.unreported, 0)
  assert.equal(told.minutes, 0.1)
  assert.ok(told.acknowledged > 0 && told.records >= told.acknowledged)
  assert.ok(told.delivered + told.dropped >= told.acknowledged)
  const faults = Object.values<number>(told.faults).reduce((sum, count) => sum + count, 0)
  assert.ok(faults > 0)
})

test('a wrong option is a wrong use', async () => {
  await assert.rejects(run(process.execPath, [program, '--minutes', 'many']), { code: 2 })
})
