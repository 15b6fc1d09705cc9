/**
 * The gate through which a changed schema has to pass. Today's reader must read what every former
 * writer wrote, since journals and topics outlive releases; and the release before must read what
 * today's writes, so that one machine can be updated before another, or taken back.
 */
import type { Type } from 'avsc'
import { fingerprintOfType, typesOf } from './avro-types.ts'
import type { Definition } from './definition.ts'
import { type History, type HistoryFile, sumLine, versionText } from './history.ts'

/** Why today's schemas may not be committed as they are; empty when they may. A sentence each. */
export const refusals = (schemas: {
  /** Today's schemas, self-contained. */
  readonly current: readonly Definition[]
  readonly history: History
}): readonly string[] => {
  const { current, history } = schemas
  const today = new Map(current.map((definition) => [definition.name, definition]))
  const unrecorded = current.flatMap((definition) => {
    const newest = history.get(definition.name)?.at(-1)
    return newest !== undefined && versionText(newest) === versionText(definition)
      ? []
      : [`${definition.name} has changed and has no version for it. Run \`npm run generate\`.`]
  })
  const removed = [...history.keys()].flatMap((name) =>
    today.has(name)
      ? []
      : [`${name} was removed, but what it wrote may still have to be read. Restore it.`],
  )
  const broken = [...history].flatMap(([name, versions]) => versionRefusals(name, versions))
  return [...unrecorded, ...removed, ...broken, ...sharedFingerprints(history)]
}

/** Why the newest version of a schema may not follow those before it. */
export const versionRefusals = (
  name: string,
  versions: readonly Definition[],
): readonly string[] => {
  const newest = versions.at(-1)
  const previous = versions.at(-2)
  if (newest === undefined || previous === undefined) return []
  const count = versions.length
  const backward = versions.slice(0, -1).flatMap((writer, index) => {
    const why = unreadable({ writer, reader: newest })
    return why === undefined ? [] : [`${name} ${count} cannot read ${name} ${index + 1}: ${why}`]
  })
  const why = unreadable({ writer: newest, reader: previous })
  const forward =
    why === undefined ? [] : [`${name} ${count - 1} cannot read ${name} ${count}: ${why}`]
  const renamed =
    eventOf(newest) === eventOf(previous)
      ? []
      : [`${name} ${count} is the event "${eventOf(newest)}", was "${eventOf(previous)}".`]
  return [...backward, ...forward, ...renamed]
}

/** Why what `writer` writes cannot be read as `reader`; `undefined` when it can. */
export const unreadable = (schemas: {
  readonly writer: Definition
  readonly reader: Definition
}): string | undefined => {
  const writer = standalone(schemas.writer)
  try {
    standalone(schemas.reader).createResolver(writer)
    return undefined
  } catch (cause) {
    return cause instanceof Error ? cause.message : String(cause)
  }
}

/** Why the files of history are not those that were committed, by their list of sums. */
export const tampering = (files: readonly HistoryFile[], sums: string): readonly string[] => {
  const listed = new Set(sums.split('\n').filter((line) => line !== ''))
  const actual = files.map((file) => ({ name: file.name, line: sumLine(file) }))
  const names = new Set(files.map(({ name }) => name))
  return [
    ...actual.flatMap(({ name, line }) =>
      listed.has(line)
        ? []
        : [`history/${name} is not what its sum says. Restore it; a change is a new version.`],
    ),
    ...[...listed].flatMap((line) => {
      const name = line.split('  ')[1] ?? line
      return names.has(name) ? [] : [`history/${name} is listed but missing. Restore it.`]
    }),
  ]
}

/** Two schemas with one fingerprint could be taken for one another. */
const sharedFingerprints = (history: History): readonly string[] => {
  const owners = new Map<bigint, string>()
  return [...history].flatMap(([name, versions]) =>
    versions.flatMap((version) => {
      const fingerprint = fingerprintOfType(standalone(version))
      const owner = owners.get(fingerprint) ?? name
      owners.set(fingerprint, owner)
      return owner === name ? [] : [`${name} and ${owner} have the same fingerprint. Rename one.`]
    }),
  )
}

const eventOf = (definition: Definition): string | undefined =>
  definition.type === 'record' ? definition.event : undefined

const standalone = (definition: Definition): Type => {
  const type = typesOf([definition]).get(definition.name)
  if (type === undefined) throw new TypeError(`"${definition.name}" is no type of Avro's.`)
  return type
}
