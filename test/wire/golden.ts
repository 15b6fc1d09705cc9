/**
 * Golden bytes: for every version of every record, samples and what they look like on the wire.
 * `node test/wire/golden.ts` (a part of `npm run generate`) adds those of new versions. Those of a
 * version that is there already are never written again, so that a codec that has changed is seen.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openCodec } from '../../schemas/codec.ts'
import { byName, type RecordDefinition } from '../../schemas/definition.ts'
import * as store from '../../schemas/history.ts'
import type { Message } from '../../schemas/messages.ts'
import { type SampleCase, sampleCases, sampleOf } from '../support/sample.ts'

export type Golden = {
  readonly version: number
  /** The sum of the version's file in history/: other bytes belong to another schema. */
  readonly sum: string
  readonly samples: Readonly<Record<SampleCase, { readonly value: object; readonly hex: string }>>
}
export type GoldenByFile = Readonly<Record<string, Golden>>

export const goldenPath = join(import.meta.dirname, 'golden.json')
export const readGolden = (): GoldenByFile => JSON.parse(readFileSync(goldenPath, 'utf8'))

/** The records of history with the file that each is from. */
export const recordedVersions = (): readonly {
  readonly file: string
  readonly sum: string
  readonly version: number
  readonly definition: RecordDefinition
}[] => {
  const files = store.readHistoryFiles(store.historyFolder)
  const sums = new Map(files.map((file) => [file.name, store.sumLine(file).split(' ')[0] ?? '']))
  return [...store.historyOf(files)].flatMap(([name, versions]) =>
    versions.flatMap((definition, index) => {
      const file = store.versionFile(name, index + 1)
      const sum = sums.get(file) ?? ''
      return definition.type === 'record' ? [{ file, sum, version: index + 1, definition }] : []
    }),
  )
}

/** What the codec makes of samples of one definition alone. */
export const goldenSamples = (definition: RecordDefinition): Golden['samples'] => {
  const codec = openCodec({ definitions: [definition], formerVersions: [] })
  const names = byName([definition])
  const sample = (sampleCase: SampleCase) => {
    const value = sampleOf(definition, names, sampleCase)
    const bytes =
      definition.event === undefined
        ? codec.encodeValue(definition.name as 'Batch', value as never)
        : codec.encode(value as Message)
    return { value, hex: bytes.toString('hex') }
  }
  const entries = sampleCases.map((sampleCase) => [sampleCase, sample(sampleCase)])
  return Object.fromEntries(entries)
}

const write = (): void => {
  const before: GoldenByFile = readGolden()
  const golden = recordedVersions().map(({ file, sum, version, definition }): [string, Golden] => {
    const kept = before[file]
    if (kept !== undefined && kept.sum === sum) return [file, kept]
    return [file, { version, sum, samples: goldenSamples(definition) }]
  })
  writeFileSync(goldenPath, `${JSON.stringify(Object.fromEntries(golden), null, 1)}\n`)
}

if (process.argv[1] === import.meta.filename) write()
