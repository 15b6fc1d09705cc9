import assert from 'node:assert/strict'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { lockDirectory } from '../../../infra/disk/lock.ts'
import { openLog } from '../../../infra/telemetry/log.ts'
import { startFailure } from '../../../pipeline/start-failure.ts'

const lineOf = (error: unknown): string => {
  const lines: string[] = []
  const log = openLog({ write: (line) => lines.push(line), level: 'info', now: () => 0 })
  log.error('run.failed', 'It could not start.', { error: startFailure(error) })
  return lines.join('')
}
const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => assert.fail('it went well'),
    (cause: unknown) => cause,
  )

test('a start that the surroundings refused is told with its causes and without a stack', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-start-'))
  const lock = await lockDirectory(folder)
  try {
    const taken = lineOf(await failureOf(lockDirectory(folder)))
    assert.match(taken, /owns it and is running/)
    const cause = await failureOf(open(join(folder, 'nowhere')))
    const wrapped = lineOf(new Error('The ring could not be opened.', { cause }))
    assert.match(wrapped, /The ring could not be opened.*"code":"ENOENT"/)
    for (const line of [taken, wrapped]) assert.doesNotMatch(line, /"stack"|\.test\.ts/)
  } finally {
    await lock.release()
    await rm(folder, { recursive: true })
  }
})

test('a start that failed by a fault of the program keeps its stack', async () => {
  const mistake = await failureOf(open(5 as unknown as string))
  for (const error of [mistake, new TypeError('x is not a function')])
    assert.match(lineOf(error), /"stack":"TypeError/)
})
