/**
 * `npm run generate`: writes what follows from avro/*.avsc: `messages.ts`, `avro.ts`, and for a schema
 * that has changed its next version in history/. What the evolution gate refuses is not written.
 * With `--unreleased`, history starts again from version 1; that is for the time before there is a
 * first release, and refused ever after.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Definition, inOrder } from './definition.ts'
import { refusals, tampering } from './evolution.ts'
import * as store from './history.ts'
import { messagesSource } from './messages-source.ts'

const root = join(import.meta.dirname, '..')
const biome = join(root, 'node_modules', '.bin', 'biome')

/** The text as Biome formats it. */
const formatted = (path: string, text: string): string => {
  const args = ['format', `--stdin-file-path=${path}`]
  const { status, stdout, stderr } = spawnSync(biome, args, { input: text, cwd: root })
  if (status !== 0) throw new Error(`Formatting ${path} failed; it was not written. ${stderr}`)
  return stdout.toString()
}

/** The text of `avro.ts`: the schemas as the codec needs them, so that it reads no files. */
const avroSource = (definitions: readonly Definition[], history: store.History): string => {
  const former = [...history.values()].flatMap((versions) => versions.slice(0, -1))
  return [
    '// Written by `npm run generate` from avro/*.avsc and history/. Change those.',
    "import type { Definition } from './definition.ts'",
    "\n/** Today's schemas, each name defined where it is first used. */",
    `export const definitions: readonly Definition[] = ${JSON.stringify(inOrder(definitions))}`,
    '\n/** What former releases wrote, each self-contained. */',
    `export const formerVersions: readonly Definition[] = ${JSON.stringify(former)}\n`,
  ].join('\n')
}

/** The generated sources as the schemas and their history demand them now, by path. */
export const generatedSources = (
  definitions: readonly Definition[],
  history: store.History,
): Readonly<Record<string, string>> => ({
  'schemas/messages.ts': formatted('schemas/messages.ts', messagesSource(definitions)),
  'schemas/avro.ts': formatted('schemas/avro.ts', avroSource(definitions, history)),
})

/** Adds a version for each schema that differs from its newest. */
const extended = (files: readonly store.HistoryFile[], current: readonly Definition[]) => {
  const history = store.historyOf(files)
  const added = current.flatMap((definition) => {
    const versions = history.get(definition.name) ?? []
    const newest = versions.at(-1)
    const text = store.versionText(definition)
    if (newest !== undefined && store.versionText(newest) === text) return []
    return [{ name: store.versionFile(definition.name, versions.length + 1), text }]
  })
  return { added, history: store.historyOf([...files, ...added]) }
}

const isReleased = (): boolean => /^## \[\d/m.test(readFileSync(join(root, 'CHANGELOG.md'), 'utf8'))

const generate = (argument: string | undefined): readonly string[] => {
  const afresh = argument === '--unreleased'
  if (argument !== undefined && !afresh) return [`"${argument}" is no option; --unreleased is.`]
  if (afresh && isReleased())
    return ['CHANGELOG.md names a release: its schemas are in use, and history can only grow.']

  const folder = store.historyFolder
  const sumsPath = join(folder, store.sumsFile)
  mkdirSync(folder, { recursive: true })
  const files = afresh ? [] : store.readHistoryFiles(folder)
  const sums = afresh ? '' : readFileSync(sumsPath, 'utf8')
  const definitions = store.readDefinitions(store.avroFolder)
  const current = store.versioned(definitions)
  const { added, history } = extended(files, current)
  const faults = [...tampering(files, sums), ...refusals({ current, history })]
  if (faults.length > 0) return faults

  if (afresh) for (const { name } of store.readHistoryFiles(folder)) rmSync(join(folder, name))
  for (const { name, text } of added) writeFileSync(join(folder, name), text)
  const lines = [...sums.split('\n').filter((it) => it !== ''), ...added.map(store.sumLine)]
  writeFileSync(sumsPath, `${lines.join('\n')}\n`)
  for (const [path, text] of Object.entries(generatedSources(definitions, history)))
    writeFileSync(join(root, path), text)
  return []
}

if (process.argv[1] === import.meta.filename) {
  const faults = generate(process.argv[2])
  for (const fault of faults) console.error(fault)
  if (faults.length > 0) {
    console.error('Nothing was written.')
    process.exitCode = 1
  }
}
