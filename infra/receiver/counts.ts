/** What a receiver has received since it was opened. */
export type Counts = {
  readonly since: string
  readonly requests: number
  readonly batches: number
  /** Written to the files; a duplicate is not. */
  readonly records: number
  /** As received, before decompression. */
  readonly bytes: number
  readonly duplicateBatches: number
  readonly duplicateRecords: number
  readonly streams: readonly StreamCount[]
}
export type Stream = { readonly tenant: string; readonly service: string }
export type StreamCount = Stream & { readonly records: number }

/** Streams with a file and a count of their own; those that come later share one. */
export const streamsMax = 1_000
const others: Stream = { tenant: '_others', service: '_others' }

export type Tally = {
  /** The stream under which another is counted and written: itself, or what it shares with others. */
  readonly streamOf: (stream: Stream) => Stream
  readonly wrote: (stream: Stream, records: number) => void
  readonly took: (
    request: Pick<Counts, 'batches' | 'bytes' | 'duplicateBatches' | 'duplicateRecords'>,
  ) => void
  readonly counts: () => Counts
}

export const openTally = (since: string): Tally => {
  const streams = new Map<string, StreamCount>()
  const keyOf = ({ tenant, service }: Stream): string => JSON.stringify([tenant, service])
  const sums = {
    requests: 0,
    batches: 0,
    records: 0,
    bytes: 0,
    duplicateBatches: 0,
    duplicateRecords: 0,
  }
  return {
    streamOf: (stream) =>
      streams.has(keyOf(stream)) || streams.size < streamsMax ? stream : others,
    wrote: ({ tenant, service }, records) => {
      const key = keyOf({ tenant, service })
      const before = streams.get(key)?.records ?? 0
      streams.set(key, { tenant, service, records: before + records })
      sums.records += records
    },
    took: (request) => {
      sums.requests += 1
      sums.batches += request.batches
      sums.bytes += request.bytes
      sums.duplicateBatches += request.duplicateBatches
      sums.duplicateRecords += request.duplicateRecords
    },
    counts: () => ({ since, ...sums, streams: [...streams.values()] }),
  }
}

/** Counts as a page of text, for `curl`. */
export const summaryOf = (counts: Counts): string => {
  const number = (value: number): string => value.toLocaleString('en-US')
  const rows = [
    ['records', number(counts.records)],
    ['batches', number(counts.batches)],
    ['duplicates', `${number(counts.duplicateRecords)} records, not written again`],
    ['requests', number(counts.requests)],
    ['bytes', number(counts.bytes)],
  ]
  const totals = rows.map(([name = '', value]) => `${name.padEnd(12)}${value}\n`).join('')
  const streams = counts.streams
    .map(
      (stream) =>
        `${`${stream.tenant} / ${stream.service}`.padEnd(40)} ${number(stream.records)}\n`,
    )
    .join('')
  return `Received since ${counts.since}\n\n${totals}\nRecords by tenant / service\n${streams || '(none yet)\n'}`
}
