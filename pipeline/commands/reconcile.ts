import type { ReceivedRanges } from '../../infra/receiver/inventory.ts'
import { type RangeSet, sizeOf } from '../../schemas/range-set.ts'
import {
  missingIn,
  type Reconciliation,
  reconciliationOf,
  type StreamComparison,
} from '../account/reconciliation.ts'
import type { LedgerRanges } from '../account/stream-ranges.ts'
import { adminClient, adminOption, clientAt } from './admin-client.ts'
import {
  type Command,
  CommandError,
  type Input,
  isSet,
  jsonOption,
  textOf,
  UsageError,
} from './command.ts'
import { type Column, painted, printable, table, thousands } from './table.ts'

export const reconcile: Command = {
  name: 'reconcile',
  summary: 'compare what an endpoint received with the ledger, to the record',
  operands: [],
  options: {
    received: {
      value: 'DIR|URL',
      help: "what was received: the small receiver's directory, with batches.ndjson, or its URL",
    },
    admin: adminOption,
    tenant: { value: 'T', help: 'only this tenant' },
    json: jsonOption,
  },
  examples: [
    'holdfast reconcile --received ./data/received',
    'holdfast reconcile --received http://127.0.0.1:4319 --tenant acme --json',
  ],
  run: async (input) => {
    const from = textOf(input, 'received')
    if (from === undefined)
      throw new UsageError('holdfast reconcile needs --received: a directory or a URL.')
    const tenant = textOf(input, 'tenant')
    const query = tenant === undefined ? '' : `?${new URLSearchParams({ tenant })}`
    // The ledger first: what is received after it was asked must not look as if it were missing.
    const ledger = await adminClient(input).get<LedgerRanges>(`/api/v1/ranges${query}`)
    const all = await receivedRanges(input, from)
    const streams = all.streams.filter((stream) => tenant === undefined || stream.tenant === tenant)
    const found = reconciliationOf(ledger, { ...all, streams })
    input.print(isSet(input, 'json') ? `${JSON.stringify(found)}\n` : text(found))
    return found.reconciled ? 0 : 1
  },
}

const receivedRanges = async (input: Input, from: string): Promise<ReceivedRanges> =>
  /^https?:\/\//.test(from)
    ? clientAt({ base: from, option: '--received' }).get<ReceivedRanges>('/ranges')
    : rangesInDirectory(input, from)

const rangesInDirectory = async (input: Input, directory: string): Promise<ReceivedRanges> => {
  const [{ openBatchIndex }, { openInventory }] = await Promise.all([
    import('../../infra/receiver/batch-index.ts'),
    import('../../infra/receiver/inventory.ts'),
  ])
  const inventory = openInventory()
  const { requests, since, hasOlder } = await openBatchIndex(directory).restore(inventory)
  if (requests === 0)
    throw new CommandError(
      `${directory} has no batches.ndjson with requests in it; nothing was compared. Another place: --received DIR or URL.`,
    )
  if (hasOlder)
    input.warn(
      `The index begins at ${since ?? 'an unknown time'}; what came before it may be gone from it, and would show as missing.\n`,
    )
  return inventory.ranges()
}

const columns: readonly Column<StreamComparison>[] = [
  { head: 'TENANT', cell: ({ tenant }) => tenant },
  { head: 'SERVICE', cell: ({ service }) => service },
  { head: 'PRODUCER', cell: ({ producer }) => producer },
  { head: 'DELIVERED', cell: ({ delivered }) => delivered },
  { head: 'RECEIVED', cell: ({ received }) => received },
  {
    head: 'MISSING',
    cell: missingIn,
    style: (stream) => (missingIn(stream) > 0 ? 'red' : null),
  },
  { head: 'DROPPED, RECEIVED', cell: (stream) => sizeOf(stream.receivedThoughDropped) },
  { head: 'HELD, RECEIVED', cell: (stream) => sizeOf(stream.receivedThoughPending) },
  { head: 'REPEATED', cell: ({ repeated }) => sizeOf(repeated) },
]

const text = (found: Reconciliation): string => {
  const { totals, streams, joined, strangers, doubts } = found
  const parts = [
    streams.length === 0 ? 'The ledger has no streams.\n' : table(columns, streams),
    ...joined.map(
      ({ tenant, service, delivered, received, missing }) =>
        `${tenant}/${service} by former producers, by count alone: ${thousands(delivered)} delivered, ${thousands(received)} received, at least ${thousands(missing)} missing.\n`,
    ),
    ...streams.flatMap(differences),
    ...strangers.map(
      ({ tenant, service, producer, received }) =>
        `${thousands(received)} records of ${tenant}/${service} by ${producer} are not of this pipeline.\n`,
    ),
    ...doubts.map((doubt) => `${doubt}\n`),
  ]
  const verdict =
    totals.missing > 0
      ? painted('red', `${thousands(totals.missing)} records are missing at the receiver.`)
      : doubts.length > 0
        ? painted('yellow', 'Nothing is known to be missing, but the comparison is not exact.')
        : painted('green', 'All that was delivered was received.')
  return `${parts.map((part) => printableLines(part)).join('')}\n${verdict}\n`
}

/** Only the table is painted; names in the other lines come from clients. */
const printableLines = (part: string): string =>
  part.includes('\u001b[') ? part : part.split('\n').map(printable).join('\n')

const differences = (stream: StreamComparison): readonly string[] => {
  const name = `${stream.tenant}/${stream.service} by ${stream.producer}`
  const line = (what: string, ranges: RangeSet): readonly string[] =>
    ranges.length === 0 ? [] : [`${name}, ${what}: ${rangesText(ranges)}\n`]
  return [
    ...line('missing', stream.missing),
    ...stream.missingSomewhere.map(
      ({ firstSeq, lastSeq, records }) =>
        `${name}, missing somewhere in ${firstSeq}-${lastSeq}: ${thousands(records)} records\n`,
    ),
    ...line('dropped, and received all the same', stream.receivedThoughDropped),
  ]
}

const rangesShownMax = 20
const rangesText = (ranges: RangeSet): string => {
  const shown = ranges
    .slice(0, rangesShownMax)
    .map(({ firstSeq, lastSeq }) => `${firstSeq}-${lastSeq}`)
  const more = ranges.length - shown.length
  return `${shown.join(', ')}${more > 0 ? ` and ${thousands(more)} more (--json has all)` : ''}`
}
