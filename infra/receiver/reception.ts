import { join } from 'node:path'
import { type Coordinates, coordinatesOf } from '../../schemas/brand.ts'
import { sizeOf } from '../../schemas/range-set.ts'
import { type IndexLine, openBatchIndex } from './batch-index.ts'
import { appendBounded } from './bounded-file.ts'
import { type Counts, openTally, type Stream } from './counts.ts'
import { type DisplayRecord, displayRecords } from './display-record.ts'
import { fileName } from './file-name.ts'
import { type Inventory, openInventory, type ReceivedRanges } from './inventory.ts'

/** One file is begun anew after so many bytes, and the one before it is kept. */
const fileBytesMax = 64 * 1024 * 1024

export type Received = {
  readonly tenant: string
  /** As the header has them. */
  readonly ids: readonly string[]
  readonly epoch: number | null
  readonly body: Uint8Array
  /** As sent. */
  readonly bytes: number
}

/** Writes what is received, each record once. Takes one request at a time. */
export type Reception = {
  /** @throws {MalformedError} for what is no OTLP; what the file system says when it cannot write. */
  readonly take: (received: Received) => Promise<void>
  readonly counts: () => Counts
  /** All that was received, by this life and the ones before. */
  readonly ranges: () => ReceivedRanges
}

export const openReception = async (options: {
  readonly directory: string
  readonly now: () => number
}): Promise<Reception> => {
  const { directory, now } = options
  const index = openBatchIndex(directory)
  const inventory = openInventory()
  await index.restore(inventory)
  const tally = openTally(new Date(now()).toISOString())

  return {
    counts: tally.counts,
    ranges: inventory.ranges,
    take: async (received) => {
      const shown = displayRecords(received.body)
      const batches = matched(received.ids, shown.length)
      const fresh = batches === undefined ? shown : freshOf(shown, batches, inventory)
      const byService = Map.groupBy(fresh, ({ service }) => service)
      for (const [service, records] of byService) {
        const stream = tally.streamOf({ tenant: received.tenant, service })
        await writeRecords(directory, { ...stream, records: records.map(({ record }) => record) })
        tally.wrote(stream, records.length)
      }
      const duplicateRecords = shown.length - fresh.length
      const seen = { records: shown.length, duplicateRecords, matched: batches !== undefined }
      await index.append(indexLine(received, { ...seen, nowMs: now() }))
      // Only now: what could not be written is sent again, and must not be taken for a duplicate.
      const again = (batches ?? []).filter((batch) => sizeOf(inventory.add(batch)) === 0).length
      if (batches === undefined) inventory.addNameless(shown.length)
      tally.took({
        batches: received.ids.length,
        bytes: received.bytes,
        duplicateRecords,
        duplicateBatches: again,
      })
    },
  }
}

/** The batches of a request, if their sizes add up to its records: then each record has its number. */
const matched = (ids: readonly string[], records: number): readonly Coordinates[] | undefined => {
  const batches = ids.map(coordinatesOf).filter((batch) => batch !== undefined)
  if (ids.length === 0 || batches.length < ids.length) return undefined
  return sizeOf(batches) === records ? batches : undefined
}

/** The records whose numbers were not seen: records come in the order of the batches. */
const freshOf = <Shown>(
  shown: readonly Shown[],
  batches: readonly Coordinates[],
  inventory: Pick<Inventory, 'missing'>,
): readonly Shown[] => {
  let first = 0
  return batches.flatMap((batch) => {
    const offset = first - batch.firstSeq
    first += sizeOf([batch])
    return inventory
      .missing(batch)
      .flatMap((gap) => shown.slice(offset + gap.firstSeq, offset + gap.lastSeq + 1))
  })
}

const writeRecords = (
  directory: string,
  { tenant, service, records }: Stream & { readonly records: readonly DisplayRecord[] },
): Promise<void> => {
  const path = join(directory, fileName(tenant), `${fileName(service)}.ndjson`)
  const text = records.map((record) => `${JSON.stringify(record)}\n`).join('')
  return appendBounded({ path, bytesMax: fileBytesMax }, text)
}

const indexLine = (
  { tenant, ids, epoch, bytes }: Received,
  seen: { records: number; duplicateRecords: number; matched: boolean; nowMs: number },
): IndexLine => {
  const { records, duplicateRecords, matched, nowMs } = seen
  const duplicate = duplicateRecords === 0 ? 'no' : duplicateRecords < records ? 'partly' : 'yes'
  const time = new Date(nowMs).toISOString()
  return { time, tenant, batches: ids, epoch, records, bytes, duplicate, duplicateRecords, matched }
}
