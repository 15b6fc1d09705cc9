import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import { type Coordinates, coordinatesOf } from '../../schemas/brand.ts'
import { appendBounded, olderOf } from './bounded-file.ts'

const indexBytesMax = 64 * 1024 * 1024

/** One request, as `batches.ndjson` has it. */
export type IndexLine = {
  readonly time: string
  readonly tenant: string
  readonly batches: readonly string[]
  readonly epoch: number | null
  readonly records: number
  readonly bytes: number
  /** Whether its records had been received before. */
  readonly duplicate: 'no' | 'partly' | 'yes'
  readonly duplicateRecords: number
  /** False when the ids do not add up to the records: then nothing is known to be a duplicate. */
  readonly matched: boolean
}

export type BatchIndex = {
  readonly append: (line: IndexLine) => Promise<void>
  /** What earlier lives of this receiver have received, so that a resend to this one is recognised. */
  readonly received: () => AsyncIterable<Coordinates>
}

export const openBatchIndex = (directory: string): BatchIndex => {
  const path = join(directory, 'batches.ndjson')
  return {
    append: (line) => appendBounded({ path, bytesMax: indexBytesMax }, `${JSON.stringify(line)}\n`),
    received: async function* () {
      for (const file of [olderOf(path), path])
        for await (const line of linesOf(file))
          for (const id of matchedIds(line)) {
            const coordinates = coordinatesOf(id)
            if (coordinates !== undefined) yield coordinates
          }
    },
  }
}

async function* linesOf(path: string): AsyncIterable<string> {
  const file = await openIfThere(path)
  if (file !== undefined) yield* file.readLines()
}

const openIfThere = async (path: string): Promise<FileHandle | undefined> => {
  try {
    return await open(path)
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined
    throw cause
  }
}

/** The last line may be torn, by a crash, and a person may have edited any: such lines say nothing. */
const matchedIds = (line: string): readonly string[] => {
  try {
    const value = JSON.parse(line) as Partial<IndexLine> | null
    return value?.matched === true && Array.isArray(value.batches) ? value.batches.map(String) : []
  } catch (cause) {
    if (cause instanceof SyntaxError) return []
    throw cause
  }
}
