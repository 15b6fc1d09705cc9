/** Each house rule sees the violation that it is for, and lets pass what it should. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { invariants } from './support/invariants.ts'
import { sourceFile } from './support/source-file.ts'
import * as tidy from './support/tidy-rules.ts'

type Planted = {
  readonly path: string
  readonly text: string
  /** What is reported, `line: what`; nothing when the text is fine. */
  readonly seen: readonly string[]
}
const shows = (rule: tidy.Rule, ...planted: readonly Planted[]): void => {
  for (const { path, text, seen } of planted) {
    const found = rule(sourceFile(path, text)).map(({ line, what }) => `${line}: ${what}`)
    assert.deepEqual(found, seen, text)
  }
}
const fine = (path: string, text: string): Planted => ({ path, text, seen: [] })
const wrong = (path: string, text: string, ...seen: readonly string[]): Planted => ({
  path,
  text,
  seen,
})

test('an import against the arrow is seen, and one along it is not', () => {
  shows(
    tidy.arrow,
    wrong('schemas/a.ts', "import { b } from '../actors/b.ts'", '1: imports actors/b.ts'),
    wrong('actors/kit/a.ts', "\nexport * from '../../infra/b.ts'", '2: imports infra/b.ts'),
    wrong('infra/a.ts', "const b = await import('../pipeline/b.ts')", '1: imports pipeline/b.ts'),
    wrong('pipeline/a.ts', "import {\n  b,\n} from '../test/b.ts'", '3: imports test/b.ts'),
    wrong('infra/ring/a.ts', "import '../../docs/b.ts'", '1: imports docs/b.ts'),
    fine('test/a.ts', "import { b } from '../pipeline/b.ts'\nimport c from 'xstate'"),
    fine(
      'schemas/a.ts',
      "// import { b } from '../actors/b.ts'\nconst c = `import '../infra/c.ts'`",
    ),
  )
})

test('infra/ may import types of actors/, and nothing else', () => {
  shows(
    tidy.arrow,
    wrong('infra/a.ts', "import { b } from '../actors/b.ts'", '1: imports actors/b.ts'),
    wrong('infra/a.ts', "import { type B } from '../actors/b.ts'", '1: imports actors/b.ts'),
    fine(
      'infra/a.ts',
      "import type { B } from '../actors/b.ts'\nexport type { C } from '../actors/c.ts'",
    ),
    fine('pipeline/a.ts', "import { b } from '../actors/b.ts'"),
  )
})

test('time, chance, I/O and other packages in actors/ are seen', () => {
  shows(
    tidy.purity,
    wrong('actors/a.ts', 'const now = Date.now()', '1: Date.now'),
    wrong('actors/a.ts', `const text = \`at \${new Date()}\``, '1: new Date'),
    wrong('actors/a.ts', 'const jitter = Math.random()', '1: Math.random'),
    wrong('actors/a.ts', 'setTimeout(next, 10)', '1: setTimeout'),
    wrong('actors/a.ts', "await fetch('x')", '1: fetch'),
    wrong('actors/a.ts', 'const { env } = process', '1: process'),
    wrong('actors/a.ts', 'performance.now()', '1: performance'),
    wrong('actors/a.ts', 'crypto.randomUUID()', '1: crypto'),
    wrong('actors/a.ts', "import { join } from 'node:path'", '1: imports node:path'),
    wrong('actors/a.ts', "import { z } from 'zod'", '1: imports zod'),
    fine(
      'actors/a.ts',
      "import { setup } from 'xstate'\n// Date.now is banned\nconst why = 'fetch'",
    ),
    fine('infra/a.ts', 'const now = Date.now()'),
    fine('actors/SPEC.md', 'No Date.now() here.'),
  )
})

test('a delay that a restart forgets is seen, and a field called after is not', () => {
  shows(
    tidy.delays,
    wrong('actors/a.ts', 'const state = { after: { 1000: "late" } }', '1: after:'),
    wrong('actors/a.ts', "raise({ type: 'late' }, { delay: 10 })", '1: delay:'),
    wrong('actors/a.ts', 'setup({ delays: {} })', '1: delays:'),
    fine('actors/a.ts', 'type Load = { readonly after: Position | null }'),
    fine('actors/a.ts', 'const params = { priority, after, batchesMax }'),
  )
})

test('a file that is too long is seen, unless it is generated', () => {
  const lines = '\n'.repeat(tidy.fileLinesMax + 1)
  shows(
    tidy.length,
    wrong('infra/a.ts', lines, '301: 301 lines'),
    fine('infra/a.ts', '\n'.repeat(tidy.fileLinesMax)),
    fine('schemas/messages.ts', `// Written by \`npm run generate\`.\n${lines}`),
    fine('docs/a.md', lines),
  )
})

test('what was left for later is seen, in every kind of file', () => {
  const marks = ['FIX' + 'ME', 'TO' + 'DO', 'XX' + 'X']
  for (const mark of marks) {
    shows(
      tidy.leftovers,
      wrong('infra/a.ts', `const a = 1\n// ${mark}: later`, `2: ${mark}`),
      wrong('README.md', mark, `1: ${mark}`),
      fine('infra/a.ts', `const a${mark} = 1`),
    )
  }
})

test('a check that is switched off is seen', () => {
  const off = 'biome-ig' + 'nore'
  shows(
    tidy.exceptions,
    wrong('infra/a.ts', `const a = 1 // ${off} format: a table`, `1: ${off}`),
    fine('test/types/a.ts', '// @ts-expect-error: no such state.'),
  )
})

test('a name that says nothing is seen', () => {
  shows(
    tidy.names,
    wrong('infra/http/utils.ts', '', '1: a file called utils'),
    wrong('infra/helpers/a.ts', '', '1: a folder called helpers'),
    wrong('test/unit/common.test.ts', '', '1: a file called common'),
    wrong('actors/kit/types.ts', '', '1: a file called types'),
    wrong('actors/kit/snapShot.ts', '', '1: snapShot'),
    fine('actors/endpoint-manager/machine.ts', ''),
    fine('test/types/kit.types.ts', ''),
    fine('README.md', ''),
  )
})

test('a default export is seen', () => {
  shows(
    tidy.defaultExports,
    wrong('infra/a.ts', 'export default {}', '1: export default'),
    wrong('infra/a.ts', 'export { a as default }', '1: as default'),
    fine('infra/a.ts', "// export default\nimport avro from 'avsc'"),
  )
})

test('a class that is no error is seen', () => {
  shows(
    tidy.classes,
    wrong('infra/a.ts', 'export class Ring {', '1: class Ring {'),
    wrong('infra/a.ts', 'class Ring<T> {', '1: class Ring<T> {'),
    wrong('infra/a.ts', 'class Ring extends Base {', '1: class Ring extends Base'),
    wrong('infra/a.ts', 'const a = class {', '1: class {'),
    fine('infra/a.ts', 'export class RingError extends Error {'),
    fine('infra/a.ts', 'class DiskFull extends LogError {'),
    fine('infra/a.ts', "const a = 'class Ring {'\nconst { class: b } = a"),
  )
})

test('a settlement or an eviction that the ledger did not make is seen', () => {
  shows(
    tidy.settlements,
    wrong('infra/ledger/ledger.ts', 'return it as Settlement', '1: as Settlement'),
    wrong('pipeline/a.ts', 'it as unknown as Eviction', '1: as unknown as Eviction'),
    fine('infra/ledger/settlement.ts', 'return it as Settlement'),
    fine('test/support/a.ts', 'return it as Settlement'),
    fine('infra/a.ts', 'const a = it as SettlementRow'),
  )
})

test('an error that is swallowed is seen', () => {
  shows(
    tidy.swallowing,
    wrong('infra/a.ts', 'try { b() } catch {}', '1: catch {}'),
    wrong('infra/a.ts', 'try { b() } catch (cause) {\n  // never mind\n}', '1: catch (cause) { }'),
    wrong('infra/a.ts', 'b().catch(() => {})', '1: .catch(() => {})'),
    wrong('infra/a.ts', 'b().catch((_) => undefined)', '1: .catch((_) => undefined)'),
    fine('infra/a.ts', 'try { b() } catch (cause) { log(cause) }\nb().catch(report)'),
    wrong('infra/a.ts', '// On purpose.\nb.catch(() => undefined)', '2: .catch(() => undefined)'),
    wrong('infra/a.ts', "b.on('error', () => {})", "1: on(' ', () => {})"),
    fine('infra/a.ts', "b.on('error', (error) => log(error))"),
  )
})

test('a word that only the workshop understands is seen', () => {
  const design = 'DESIGN' + '.md'
  const folder = '/wor' + 'k/main'
  shows(
    tidy.foreignWords,
    wrong('infra/a.ts', `// See ${design}`, `1: ${design}`),
    wrong('README.md', `cd ${folder}`, `1: ${folder.slice(0, -4)}`),
    fine('README.md', 'The design works. See docs/decisions/.'),
  )
})

test('a machine, its promises and the tests are held together', () => {
  const machine = sourceFile('actors/cache/machine.ts', '')
  const spec = sourceFile('actors/cache/SPEC.md', '# Cache\n- **I1** a\n- **I2** b\n- **C1** c\n')
  const tests = sourceFile(
    'test/unit/cache.test.ts',
    "test('cache I1: a', a)\n// cache I9\ntest('cache C1 holds', c)\ntest('cache I7', d)",
  )
  const found = invariants([machine, spec, tests]).map((it) => `${it.path}:${it.line}: ${it.what}`)
  assert.deepEqual(found, [
    'actors/cache/SPEC.md:3: cache I2 is in no test',
    'test/unit/cache.test.ts:4: cache I7 is in no SPEC.md',
  ])
  const lone = invariants([machine]).map(({ what }) => what)
  assert.deepEqual(lone, ['no SPEC.md beside it'])
  const twice = sourceFile('actors/cache/SPEC.md', '- **I1** a\n- **I1** b')
  assert.ok(invariants([machine, twice, tests]).some(({ what }) => what === 'cache I1 twice'))
})

test('comments, strings, templates and patterns are told from code', () => {
  const text = [
    "const a = 'it''s' // fetch",
    `const b = /['"\`/]+/g.test(c) ? \`x \${process} y\` : d / e / f`,
    '/* class A { */ const g = "class B {"',
  ].join('\n')
  const { bare, code, strings } = sourceFile('infra/a.ts', text)
  assert.equal(bare.length, text.length)
  assert.equal(code.length, text.length)
  assert.doesNotMatch(bare, /fetch|class|it|x/)
  assert.match(bare, /process/)
  assert.match(bare, /d \/ e \/ f$/m)
  assert.deepEqual(
    strings.map((it) => [it.line, it.text]),
    [
      [1, 'it'],
      [1, 's'],
      [2, `x \${process} y`],
      [3, 'class B {'],
    ],
  )
})
