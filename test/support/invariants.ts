import type { SourceFile } from './source-file.ts'
import { lineAt } from './source-file.ts'
import type { Violation } from './tidy-rules.ts'

type Named = { readonly path: string; readonly line: number }

const specPattern = /^actors\/([\w-]+)\/SPEC\.md$/
const entryPattern = /^\s*[-*]\s+\*\*([A-Z]\d+)\*\*/gm

/**
 * A machine and its SPEC.md, the invariants in it and the tests are held together. An entry of a
 * SPEC.md is a line `- **I1** …`; a test that enforces it says `<actor> I1` in its title, as a string.
 */
export const invariants = (files: readonly SourceFile[]): readonly Violation[] => {
  const paths = new Set(files.map(({ path }) => path))
  const machines = files.flatMap(
    ({ path }) => /^actors\/([\w-]+)\/machine\.ts$/.exec(path)?.[1] ?? [],
  )
  const withoutSpec = machines
    .filter((actor) => !paths.has(`actors/${actor}/SPEC.md`))
    .map((actor) => ({
      path: `actors/${actor}/machine.ts`,
      line: 1,
      what: 'no SPEC.md beside it',
      why: 'A machine says what it promises, by number, and what enforces each promise.',
    }))
  const { entries, doubles } = entriesOf(files)
  const tested = titlesOf(files, machines)
  const untested = [...entries].flatMap(([id, at]) =>
    tested.has(id)
      ? []
      : [{ ...at, what: `${id} is in no test`, why: 'A promise that nothing checks is a wish.' }],
  )
  const unknown = [...tested].flatMap(([id, at]) =>
    entries.has(id)
      ? []
      : [{ ...at, what: `${id} is in no SPEC.md`, why: 'The promise was renumbered or dropped.' }],
  )
  return [...withoutSpec, ...doubles, ...untested, ...unknown]
}

const entriesOf = (files: readonly SourceFile[]) => {
  const entries = new Map<string, Named>()
  const doubles: Violation[] = []
  for (const { path, text } of files) {
    const actor = specPattern.exec(path)?.[1]
    if (actor === undefined) continue
    for (const match of text.matchAll(entryPattern)) {
      const id = `${actor} ${match[1]}`
      const at = { path, line: lineAt(text, match.index + match[0].length) }
      if (entries.has(id))
        doubles.push({ ...at, what: `${id} twice`, why: 'An id names one promise.' })
      entries.set(id, at)
    }
  }
  return { entries, doubles }
}

/** What the strings of the tests name. The tests of these rules name what they like. */
const titlesOf = (files: readonly SourceFile[], actors: readonly string[]) => {
  const tested = new Map<string, Named>()
  if (actors.length === 0) return tested
  const title = new RegExp(`(?<![\\w-])(?:${actors.join('|')}) [A-Z]\\d+\\b`, 'g')
  for (const { path, strings } of files) {
    if (!path.startsWith('test/') || path.startsWith('test/tidy')) continue
    for (const { text, line } of strings)
      for (const [id] of text.matchAll(title)) tested.set(id, { path, line })
  }
  return tested
}
