import { setTimeout as after } from 'node:timers/promises'
import type { ShownDrop } from '../admin/account-routes.ts'
import { type AdminClient, adminClient, adminOption } from './admin-client.ts'
import { type Command, CommandError, type Input, isSet, jsonOption, textOf } from './command.ts'
import { type Column, table } from './table.ts'

type Page = {
  readonly drops: readonly ShownDrop[]
  readonly cursor: string | null
  /** Of several workers: where to go on from, also when this is the end for now. */
  readonly next?: string
}

const pollMs = 1_000
const pageDrops = 500

export const drops: Command = {
  name: 'drops',
  summary: 'the drop events: which records are gone, and why',
  operands: [],
  options: {
    admin: adminOption,
    follow: { value: null, short: 'f', help: 'go on with what is dropped from now on' },
    tenant: { value: 'T', help: 'only this tenant' },
    since: { value: 'T', help: 'RFC 3339, milliseconds since 1970, or an age such as 15m' },
    reason: { value: 'R', help: 'only this reason, such as cache_overwritten' },
    json: { ...jsonOption, help: 'print JSON, and only that; with --follow, one drop a line' },
  },
  examples: [
    'holdfast drops --since 1h',
    'holdfast drops --follow --json | jq .reason',
    'holdfast drops --tenant acme --since 2026-11-24T00:00:00Z',
  ],
  run: async (input) => {
    const client = adminClient(input)
    if (isSet(input, 'follow')) return follow(input, client)
    return isSet(input, 'json') ? printJson(input, client) : printTable(input, client)
  },
}

const page = (input: Input, client: AdminClient, cursor: string | null): Promise<Page> => {
  const query = new URLSearchParams({ limit: String(pageDrops) })
  for (const name of ['tenant', 'since', 'reason']) {
    const value = textOf(input, name)
    if (value !== undefined) query.set(name, value)
  }
  if (cursor !== null) query.set('cursor', cursor)
  return client.get<Page>(`/api/v1/drops?${query}`)
}

/** Every page there is, each asked for once the one before it was taken. */
async function* pages(input: Input, client: AdminClient): AsyncGenerator<readonly ShownDrop[]> {
  let cursor: string | null = null
  do {
    const read: Page = await page(input, client, cursor)
    yield read.drops
    cursor = read.cursor
  } while (cursor !== null)
}

/** One object, written as it comes: there may be more drops than memory. */
const printJson = async (input: Input, client: AdminClient): Promise<0> => {
  let separator = '{"drops":['
  for await (const found of pages(input, client))
    for (const drop of found) {
      input.print(`${separator}${JSON.stringify(drop)}`)
      separator = ','
    }
  input.print(`${separator === ',' ? '' : separator}],"cursor":null}\n`)
  return 0
}

const printTable = async (input: Input, client: AdminClient): Promise<0> => {
  let count = 0
  for await (const found of pages(input, client)) {
    if (found.length > 0) input.print(table(columns, found))
    count += found.length
  }
  if (count === 0) input.print('No drops.\n')
  return 0
}

/** Never ends by itself. A pipeline that restarts meanwhile is waited for. */
const follow = async (input: Input, client: AdminClient): Promise<never> => {
  let cursor: string | null = null
  let state: 'beginning' | 'following' | 'waiting' = 'beginning'
  for (;;) {
    try {
      const read: Page = await page(input, client, cursor)
      for (const drop of read.drops) printFollowed(input, drop)
      // The id of the last drop that was seen is a cursor, too, but of one pipeline alone.
      cursor = read.next ?? read.cursor ?? read.drops.at(-1)?.id ?? cursor
      state = 'following'
      if (read.cursor !== null) continue
    } catch (cause) {
      // What fails at once is wrong; what fails later may come back.
      if (!(cause instanceof CommandError) || state === 'beginning') throw cause
      if (state === 'following') input.warn(`${cause.message} Trying again every second.\n`)
      state = 'waiting'
    }
    await after(pollMs)
  }
}

const printFollowed = (input: Input, drop: ShownDrop): void => {
  if (isSet(input, 'json')) input.print(`${JSON.stringify(drop)}\n`)
  else input.print(table(columns, [drop]).split('\n').slice(1).join('\n'))
}

const columns: readonly Column<ShownDrop>[] = [
  { head: 'AT', cell: ({ at }) => at },
  { head: 'TENANT', cell: ({ tenant }) => tenant },
  { head: 'SERVICE', cell: ({ service }) => service },
  { head: 'RECORDS', cell: ({ records }) => records, style: () => 'red' },
  { head: 'BYTES', cell: ({ bytes }) => bytes },
  { head: 'REASON', cell: ({ reason }) => reason },
  { head: 'FIRST', cell: ({ firstSeq }) => firstSeq },
  { head: 'LAST', cell: ({ lastSeq }) => lastSeq },
  { head: 'FROM', cell: ({ from }) => from ?? '-' },
  { head: 'TO', cell: ({ to }) => to ?? '-' },
  { head: 'PRODUCER', cell: ({ producer }) => producer },
  { head: 'DETAIL', cell: ({ detail }) => detail },
]
