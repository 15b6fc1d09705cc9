/** The schemas of this checkout pass the gate, and what is generated from them is up to date. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { refusals, tampering } from '../../schemas/evolution.ts'
import { generatedSources } from '../../schemas/generate.ts'
import * as store from '../../schemas/history.ts'

const root = join(import.meta.dirname, '..', '..')
const definitions = store.readDefinitions(store.avroFolder)
const files = store.readHistoryFiles(store.historyFolder)
const history = store.historyOf(files)

test('the history of the schemas is the one that was committed', () => {
  const sums = readFileSync(join(store.historyFolder, store.sumsFile), 'utf8')
  assert.deepEqual(tampering(files, sums), [])
})

test("today's schemas are recorded, read all that was written, and can be read by the last", () => {
  assert.deepEqual(refusals({ current: store.versioned(definitions), history }), [])
})

for (const [path, text] of Object.entries(generatedSources(definitions, history))) {
  test(`${path} is what npm run generate writes`, () => {
    assert.equal(readFileSync(join(root, path), 'utf8'), text, 'Run `npm run generate`.')
  })
}
