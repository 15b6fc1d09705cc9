import type { SegmentReport } from '../../infra/ring/inspection.ts'
import type { Damage } from '../../infra/ring/verification.ts'
import {
  type Command,
  CommandError,
  configDefault,
  configOption,
  type Input,
  isSet,
  jsonOption,
  textOf,
  UsageError,
} from './command.ts'
import { progressOnTerminal } from './progress.ts'
import { type Column, painted, printable, table, thousands } from './table.ts'
import { checkWorkers } from './worker-dir.ts'

const dirOption = {
  value: 'DIR',
  help: 'the data directory; data_dir of the configuration unless told',
} as const

/** Both read what lies on disk, and change nothing: a pipeline may be running on it. */
const inspect: Command = {
  name: 'cache inspect',
  summary: 'what the ring holds: segments, streams, ranges; offline too',
  operands: [],
  options: { dir: dirOption, config: configOption, json: jsonOption },
  examples: ['holdfast cache inspect', 'holdfast cache inspect --dir /var/lib/holdfast --json'],
  run: async (input) => {
    const { inspectRing } = await import('../../infra/ring/inspection.ts')
    const directory = await directoryOf(input)
    if (isSet(input, 'json')) {
      await printList(input, 'segments', read(directory, inspectRing(directory)))
      return 0
    }
    const sums = { segments: 0, records: 0, pending: 0 }
    for await (const segment of read(directory, inspectRing(directory))) {
      sums.segments += 1
      sums.records += segment.records
      sums.pending += segment.streams.reduce((sum, { pendingRecords }) => sum + pendingRecords, 0)
      input.print(segmentText(segment))
    }
    const { segments, records, pending } = sums
    input.print(
      `Segments: ${thousands(segments)}. Records: ${thousands(records)}, ${thousands(pending)} of them pending.\n`,
    )
    return 0
  },
}

const verify: Command = {
  name: 'cache verify',
  summary: 'check every checksum of the ring: status 1 when something is damaged',
  operands: [],
  options: { dir: dirOption, config: configOption, json: jsonOption },
  examples: ['holdfast cache verify', 'holdfast cache verify --dir ./data --json'],
  run: async (input) => {
    const [{ verifyRing }, { offlineRing, ringBytes }] = await Promise.all([
      import('../../infra/ring/verification.ts'),
      import('../../infra/ring/offline-segments.ts'),
    ])
    const directory = await directoryOf(input)
    const progress = progressOnTerminal({ what: 'verifying', unit: 'bytes' })
    let damaged = 0
    const found = async function* () {
      const total = process.stderr.isTTY ? await ringBytes(offlineRing(directory)) : 0
      const looked = (bytes: number): void => progress.at(bytes, total)
      for await (const damage of verifyRing(directory, { looked })) {
        // The end of a write that was cut short, or is under way, was never acknowledged.
        if (damage.kind !== 'torn') damaged += 1
        progress.end()
        yield damage
      }
      progress.end()
    }
    if (isSet(input, 'json')) await printList(input, 'damage', read(directory, found()))
    else {
      for await (const damage of read(directory, found())) input.print(damageText(damage))
      input.print(
        damaged === 0
          ? `${painted('green', 'Every checksum holds.')}\n`
          : `${painted('red', `Damaged places: ${thousands(damaged)}.`)}\n`,
      )
    }
    return damaged === 0 ? 0 : 1
  },
}

export const cache: readonly Command[] = [inspect, verify]

const directoryOf = async (input: Input): Promise<string> => {
  const directory = await directoryGiven(input)
  await checkWorkers(input, directory)
  return directory
}

const directoryGiven = async (input: Input): Promise<string> => {
  const given = textOf(input, 'dir')
  if (given !== undefined) return given
  const [{ loadConfig }, { faultText }] = await Promise.all([
    import('../config/config.ts'),
    import('../config/fault.ts'),
  ])
  const file = textOf(input, 'config') ?? configDefault
  const loaded = await loadConfig(file, input.environment)
  if (loaded.kind === 'valid') return loaded.config.dataDirectory
  const faults = loaded.faults.map((fault) => faultText(fault, file)).join('\n')
  throw new UsageError(`${faults}\nWithout a configuration, --dir DIR says where to look.`)
}

/** What comes, with what ends it early said in the words of a command. */
async function* read<Item>(directory: string, items: AsyncIterable<Item>): AsyncGenerator<Item> {
  try {
    yield* items
  } catch (cause) {
    // Of the disk, or of what is on it; anything else is a mistake of ours and keeps its stack.
    const isOfDisk =
      cause instanceof Error && ('code' in cause || cause.name === 'FormatVersionError')
    if (!isOfDisk) throw cause
    const isMissing = 'code' in cause && cause.code === 'ENOENT'
    throw new CommandError(
      isMissing
        ? `There is no ring in ${directory}; --dir DIR says where to look.`
        : `The ring in ${directory} could not be read to its end: ${cause.message}`,
      { cause },
    )
  }
}

/** One object, written as it comes: there may be more of it than memory. */
const printList = async (input: Input, name: string, items: AsyncIterable<unknown>) => {
  let separator = `{"${name}":[`
  for await (const item of items) {
    input.print(`${separator}${JSON.stringify(item)}`)
    separator = ','
  }
  input.print(`${separator === ',' ? '' : separator}]}\n`)
}

type StreamReport = SegmentReport['streams'][number]
const rangesShownMax = 5
const columns: readonly Column<StreamReport>[] = [
  { head: '  TENANT', cell: ({ tenant }) => `  ${tenant}` },
  { head: 'SERVICE', cell: ({ service }) => service },
  { head: 'PRODUCER', cell: ({ producer }) => producer },
  { head: 'BATCHES', cell: ({ batches }) => batches },
  { head: 'RECORDS', cell: ({ records }) => records },
  { head: 'PENDING', cell: ({ pendingRecords }) => pendingRecords },
  { head: 'RANGES', cell: ({ ranges }) => rangesText(ranges) },
]
const rangesText = (ranges: StreamReport['ranges']): string => {
  const shown = ranges
    .slice(0, rangesShownMax)
    .map(({ firstSeq, lastSeq }) => `${firstSeq}-${lastSeq}`)
  const more = ranges.length - shown.length
  return `${shown.join(', ')}${more > 0 ? ` and ${thousands(more)} more` : ''}`
}

const segmentText = (segment: SegmentReport): string => {
  const { path, priority, bytes, batches, records, fromMs, toMs, unreadableBytes } = segment
  const window = fromMs > 0 && toMs > 0 ? `, ${timeText(fromMs)} to ${timeText(toMs)}` : ''
  const unreadable =
    unreadableBytes === 0
      ? ''
      : painted(
          'red',
          `  ${thousands(unreadableBytes)} bytes are unreadable: holdfast cache verify\n`,
        )
  return `${painted('bold', printable(path))}  ${priority}, ${thousands(bytes)} bytes, ${thousands(batches)} batches, ${thousands(records)} records${window}\n${unreadable}${segment.streams.length === 0 ? '' : table(columns, segment.streams)}\n`
}

const damageText = ({ path, offset, bytes, kind, batch, fate, detail }: Damage): string => {
  const lies = `${path} at ${offset}, ${bytes} bytes: ${kind}, ${detail}`
  const of =
    batch === null
      ? ''
      : `; records ${batch.firstSeq}-${batch.lastSeq} of ${batch.tenant}/${batch.service} by ${batch.producer}, ${fate}`
  return `${printable(`${lies}${of}`)}\n`
}

const instantMsMax = 8.64e15
const timeText = (ms: number): string =>
  ms <= instantMsMax ? new Date(ms).toISOString() : String(ms)
