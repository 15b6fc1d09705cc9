import type { IncomingHttpHeaders } from 'node:http'
import { openRanges, type Ranges } from '../../infra/receiver/ranges.ts'
import { type Coordinates, coordinatesOf } from '../../schemas/brand.ts'
import { sizeOf } from '../../schemas/range-set.ts'
import type { Answer } from './sink-behaviour.ts'

/** One request, whatever was answered. */
export type SinkRequest = {
  readonly number: number
  readonly arrivedAtMs: number
  readonly answer: Answer['kind']
  readonly ids: readonly string[]
  readonly tenant: string
  readonly epoch: number
  readonly headers: IncomingHttpHeaders
  /** As sent: compressed, if it was. 0 for a request that was not read. */
  readonly bytes: number
  readonly recordCount: number
  /** With `keep: 'bodies'`, of the body without its compression. */
  readonly sha256: string | null
  readonly records: readonly Buffer[]
}

export type SinkStats = {
  readonly requests: number
  readonly answers: Readonly<Record<string, number>>
  /** Of requests whose records were taken; a record that came twice counts twice. */
  readonly records: number
  readonly bytes: number
  readonly distinctRecords: number
  readonly duplicateRecords: number
  readonly batches: number
  readonly duplicateBatches: number
  /** Records said to be in a batch that were not in the body, or the other way round. */
  readonly miscounted: number
  readonly streams: ReturnType<Ranges['streams']>
}

export const requestsKeptMax = 100_000
/** Bodies that the requests kept hold; beyond it the oldest requests are let go of. */
export const keptBytesMax = 512 * 1024 * 1024
const streamsMax = 1_000_000
const rangesMax = 1_000_000

/** What a sink has seen. */
export const openBook = () => {
  const ranges = openRanges({ streamsMax, rangesMax })
  const requests: SinkRequest[] = []
  const batches = new Map<string, number>()
  const answers: Record<string, number> = {}
  const sums = { requests: 0, records: 0, bytes: 0, duplicateRecords: 0, again: 0, miscounted: 0 }
  let keptBytes = 0
  const distinct = (): number =>
    ranges.streams().reduce((sum, stream) => sum + sizeOf(stream.ranges), 0)

  const take = (request: SinkRequest): void => {
    sums.records += request.recordCount
    sums.bytes += request.bytes
    let said = 0
    for (const id of request.ids) {
      const times = batches.get(id) ?? 0
      batches.set(id, times + 1)
      if (times > 0) sums.again += 1
      const coordinates = coordinatesOf(id)
      if (coordinates === undefined) continue
      const size = sizeOf([coordinates])
      said += size
      sums.duplicateRecords += size - sizeOf(ranges.add(coordinates))
    }
    if (request.ids.length > 0) sums.miscounted += Math.abs(said - request.recordCount)
  }
  return {
    requests: requests as readonly SinkRequest[],
    batches: batches as ReadonlyMap<string, number>,
    next: () => sums.requests++,
    note: (request: SinkRequest, outcome: 'taken' | 'refused') => {
      requests.push(request)
      keptBytes += keptBytesOf(request)
      while (requests.length > requestsKeptMax || keptBytes > keptBytesMax)
        keptBytes -= keptBytesOf(requests.shift())
      answers[request.answer] = (answers[request.answer] ?? 0) + 1
      if (outcome === 'taken') take(request)
    },
    records: distinct,
    missing: (accepted: Iterable<Coordinates>) =>
      [...accepted].flatMap((one) =>
        ranges.missing(one).map((range): Coordinates => ({ ...one, ...range })),
      ),
    duplicates: () => ({ batches: sums.again, records: sums.duplicateRecords }),
    stats: (): SinkStats => ({
      requests: sums.requests,
      answers,
      records: sums.records,
      bytes: sums.bytes,
      distinctRecords: distinct(),
      duplicateRecords: sums.duplicateRecords,
      batches: batches.size,
      duplicateBatches: sums.again,
      miscounted: sums.miscounted,
      streams: ranges.streams(),
    }),
  }
}

/** Records are views into the body of their request, which they keep alive as a whole. */
const keptBytesOf = (request: SinkRequest | undefined): number =>
  request?.records[0]?.buffer.byteLength ?? 0

export type Book = ReturnType<typeof openBook>
