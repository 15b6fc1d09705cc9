import assert from 'node:assert/strict'
import { basename, resolve } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { fileName } from '../../../../infra/receiver/file-name.ts'

test('usual names stay as they are', () => {
  for (const name of ['auth', 'acme.com', 'team_1', 'a-b']) assert.equal(fileName(name), name)
})

test('no name leaves its folder, is hidden, or is a file of the receiver', () => {
  const names = [
    '',
    '.',
    '..',
    '../x',
    '/etc/passwd',
    'a/../../b',
    '..\\x',
    'C:\\x',
    'a\0b',
    '.git',
  ]
  for (const name of [...names, 'batches.ndjson', 'batches.ndjson.1', 'CON', '\ud800', '\u202e']) {
    const file = fileName(name)
    assert.match(file, /^[A-Za-z0-9_%~-][A-Za-z0-9._%~-]*$/, name)
    assert.equal(resolve('/folder', file), `/folder/${file}`)
    assert.equal(basename(file), file)
    assert.doesNotMatch(file, /\.ndjson/i)
  }
})

test('any name gives a bounded file name, and no two names the same', () => {
  const text = fc.string({ unit: 'binary', maxLength: 300 })
  fc.assert(
    fc.property(text, text, (one, other) => {
      const file = fileName(one)
      assert.match(file, /^[A-Za-z0-9_%~-][A-Za-z0-9._%~-]{0,99}$/)
      if (one.toWellFormed() !== other.toWellFormed()) assert.notEqual(file, fileName(other))
    }),
  )
})
