/** What `npm run bench` prints, of trials that are as short as they can be. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'

const root = join(import.meta.dirname, '../..')
const bench = (...words: readonly string[]) =>
  promisify(execFile)(process.execPath, [join(root, 'test/bench/run.ts'), ...words])

test('a backlog that fits into one request has no rate: null in JSON, and all else is told', async () => {
  const shortest = ['--records', '1000', '--backlog', '1000', '--per-request', '1000']
  const words = [...shortest, '--repeat', '1', '--peers', 'none', '--json']
  const { stdout } = await bench(...words, '--cli', join(root, 'pipeline/cli.ts'))
  const { runs } = JSON.parse(stdout)
  assert.equal(runs.length, 1)
  assert.equal(runs[0].drainPerSecond, null)
  assert.equal(runs[0].lost, 0)
  assert.ok(runs[0].recordsPerSecond > 0)
  assert.ok(runs[0].cpuSecondsPerMillion > 0)
})

test('a share of a core that is none is refused before anything is measured', async () => {
  for (const strange of ['0', '-1', 'half', ''])
    await assert.rejects(bench(`--cpu-quota=${strange}`), {
      code: 2,
      stdout: '',
      stderr: /^bench: --cpu-quota is a number of cores from 0\.01 to 64, not/,
    })
})
