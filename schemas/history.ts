/**
 * The files behind the schemas: avro/ as people write them, and history/ with every version of every
 * schema that was ever committed, self-contained, as `<name>.<version>.avsc`. `history/sums.sha256`
 * (the format of `sha256sum`) holds the sum of each, so that history cannot be rewritten unseen.
 */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { byName, type Definition, namespace, selfContained } from './definition.ts'

export const avroFolder = join(import.meta.dirname, 'avro')
export const historyFolder = join(import.meta.dirname, 'history')
export const sumsFile = 'sums.sha256'

/** The versions of each schema by name, version 1 first. */
export type History = ReadonlyMap<string, readonly Definition[]>
export type HistoryFile = { readonly name: string; readonly text: string }

/** What avro/ says, file by file. */
export const readDefinitions = (folder: string): readonly Definition[] =>
  readdirSync(folder)
    .filter((file) => file.endsWith('.avsc'))
    .sort()
    .map((file) => {
      const definition = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Definition
      const expected = `${kebab(definition.name)}.avsc`
      if (definition.namespace !== namespace || file !== expected)
        throw new MisplacedSchemaError(join(folder, file), expected)
      return definition
    })

/** Today's schemas as history keeps them. */
export const versioned = (definitions: readonly Definition[]): readonly Definition[] => {
  const names = byName(definitions)
  return definitions.map((definition) => selfContained(definition, names))
}

export const readHistoryFiles = (folder: string): readonly HistoryFile[] =>
  readdirSync(folder)
    .filter((file) => file.endsWith('.avsc'))
    .sort()
    .map((name) => ({ name, text: readFileSync(join(folder, name), 'utf8') }))

/** @throws {BrokenHistoryError} when a version is missing, or a file is not named after its schema. */
export const historyOf = (files: readonly HistoryFile[]): History => {
  const history = new Map<string, Definition[]>()
  const numbered = files.map((file) => ({ ...file, version: Number(file.name.split('.')[1]) }))
  for (const { name: file, text } of numbered.sort((a, b) => a.version - b.version)) {
    const definition = JSON.parse(text) as Definition
    const versions = history.get(definition.name) ?? []
    const expected = versionFile(definition.name, versions.length + 1)
    if (file !== expected) throw new BrokenHistoryError(file, expected)
    history.set(definition.name, [...versions, definition])
  }
  return history
}

export const versionFile = (name: string, version: number): string =>
  `${kebab(name)}.${version}.avsc`
export const versionText = (definition: Definition): string =>
  `${JSON.stringify(definition, null, 2)}\n`

/** One line of `sums.sha256`. */
export const sumLine = ({ name, text }: HistoryFile): string =>
  `${createHash('sha256').update(text).digest('hex')}  ${name}`

export const kebab = (name: string): string =>
  name.replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, '-').toLowerCase()

export class MisplacedSchemaError extends Error {
  override readonly name = 'MisplacedSchemaError'

  constructor(path: string, expected: string) {
    super(`${path} should be called ${expected} and have the namespace "${namespace}".`)
  }
}

export class BrokenHistoryError extends Error {
  override readonly name = 'BrokenHistoryError'

  constructor(file: string, expected: string) {
    super(
      `schemas/history/${file} stands where ${expected} was expected. Versions are counted from 1 ` +
        'without gaps; restore the missing file from the repository.',
    )
  }
}
