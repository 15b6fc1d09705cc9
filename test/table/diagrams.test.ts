import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { diagrams } from '../support/state-diagram.ts'

for (const [path, text] of diagrams()) {
  test(`${path} shows the machine as it is`, () => {
    const committed = readFileSync(join(import.meta.dirname, '../..', path), 'utf8')
    assert.equal(committed, text, 'run `npm run diagrams`')
  })
}
