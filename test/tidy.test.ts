/** The house rules over all files. What each rule sees is shown in tidy-rules.test.ts. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { invariants } from './support/invariants.ts'
import { type SourceFile, sourceFile } from './support/source-file.ts'
import { rooms, rules, type Violation } from './support/tidy-rules.ts'

const root = join(import.meta.dirname, '..')
const looked = [
  `{${rooms.join(',')}}/**/*.{ts,tsx,md,json,avsc,yaml,yml,html,css,js,sh}`,
  'docs/**/*.md',
  '.github/**/*.yml',
  '.ci/*',
  '*.{md,json,yaml,yml}',
]
const files: readonly SourceFile[] = looked
  .flatMap((pattern) => globSync(pattern, { cwd: root }))
  .map((path) => path.replaceAll('\\', '/'))
  .filter((path) => path !== 'package-lock.json' && !path.includes('node_modules/'))
  .sort()
  .map((path) => sourceFile(path, readFileSync(join(root, path), 'utf8')))

const holds = (violations: readonly Violation[]): void => {
  const lines = violations.map(({ path, line, what, why }) => `${path}:${line}: ${what}. ${why}`)
  if (lines.length > 0) assert.fail(`\n${lines.join('\n')}`)
}

test('the rules look at files of every room', () => {
  for (const room of rooms)
    assert.ok(
      files.some(({ path }) => path.startsWith(`${room}/`)),
      room,
    )
})

for (const [sentence, rule] of Object.entries(rules))
  test(sentence, () => {
    holds(files.flatMap(rule))
  })

test('every promise of a machine has a test, and every test of one a promise', () => {
  holds(invariants(files))
})
