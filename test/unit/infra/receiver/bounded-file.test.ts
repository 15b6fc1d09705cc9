import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { appendBounded } from '../../../../infra/receiver/bounded-file.ts'

test('a file is begun anew at its bound, and only the one before it is kept', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-file-'))
  t.after(() => rm(directory, { recursive: true, force: true }))
  const file = { path: join(directory, 'sub', 'a.ndjson'), bytesMax: 10 }
  for (const text of ['1234\n', '5678\n', 'abcd\n', 'longer than the bound\n', 'last\n'])
    await appendBounded(file, text)
  assert.deepEqual((await readdir(join(directory, 'sub'))).toSorted(), ['a.ndjson', 'a.ndjson.1'])
  assert.equal(await readFile(file.path, 'utf8'), 'last\n')
  assert.equal(await readFile(`${file.path}.1`, 'utf8'), 'longer than the bound\n')
})
