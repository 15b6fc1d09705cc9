import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import { coordinatesOf } from '../../schemas/brand.ts'
import { appendBounded, olderOf } from './bounded-file.ts'
import type { Inventory } from './inventory.ts'

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
  /** Adds what earlier lives of this receiver have received, so that a resend is recognised. */
  readonly restore: (inventory: Inventory) => Promise<Restored>
}
/** What there was to read. */
export type Restored = {
  readonly requests: number
  /** When the oldest request came that the index knows of; ISO 8601. */
  readonly since: string | null
  /** Whether an older file was put aside: the one before that, if there was one, is gone. */
  readonly hasOlder: boolean
}

export const openBatchIndex = (directory: string): BatchIndex => {
  const path = join(directory, 'batches.ndjson')
  return {
    append: (line) => appendBounded({ path, bytesMax: indexBytesMax }, `${JSON.stringify(line)}\n`),
    restore: async (inventory) => {
      let requests = 0
      let since: string | null = null
      let hasOlder = false
      for (const file of [olderOf(path), path])
        for await (const text of linesOf(file)) {
          const line = lineIn(text)
          if (line === undefined) continue
          hasOlder ||= file !== path
          since ??= line.time ?? null
          requests += 1
          count(line, inventory)
        }
      return { requests, since, hasOlder }
    },
  }
}

const count = ({ matched, batches, records }: Partial<IndexLine>, inventory: Inventory): void => {
  if (matched !== true || !Array.isArray(batches)) {
    inventory.addNameless(Number(records) || 0)
    return
  }
  for (const id of batches) {
    const coordinates = coordinatesOf(String(id))
    if (coordinates !== undefined) inventory.add(coordinates)
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
const lineIn = (text: string): Partial<IndexLine> | undefined => {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch (cause) {
    if (cause instanceof SyntaxError) return undefined
    throw cause
  }
}
