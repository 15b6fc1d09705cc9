import type { ShownEndpoint } from '../admin/endpoint-routes.ts'
import { adminClient, adminOption } from './admin-client.ts'
import { type Command, type Input, isSet, jsonOption, textOf } from './command.ts'
import { type Column, painted, printable, table, thousands } from './table.ts'

const reasonOption = { value: 'TEXT', help: 'why, for the history' } as const

const show: Command = {
  name: 'endpoint show',
  summary: 'the endpoint, its epoch and its history',
  operands: [],
  options: { admin: adminOption, json: jsonOption },
  examples: ['holdfast endpoint show', 'holdfast endpoint show --json'],
  run: async (input) => {
    const endpoint = await adminClient(input).get<ShownEndpoint>('/api/v1/endpoint')
    input.print(isSet(input, 'json') ? `${JSON.stringify(endpoint)}\n` : endpointText(endpoint))
    return 0
  },
}

const set: Command = {
  name: 'endpoint set',
  summary: 'send to another endpoint from now on; nothing in flight is lost',
  operands: ['URL'],
  options: { admin: adminOption, reason: reasonOption, json: jsonOption },
  examples: ['holdfast endpoint set https://logs-b.example.com --reason "region A is down"'],
  run: async (input) => {
    const body = { url: input.operands[0], ...reasonOf(input) }
    return confirm(input, await adminClient(input).put<Confirmed>('/api/v1/endpoint', body))
  },
}

const pinning = (kind: 'pin' | 'unpin', summary: string): Command => ({
  name: `endpoint ${kind}`,
  summary,
  operands: [],
  options: { admin: adminOption, reason: reasonOption, json: jsonOption },
  examples: [`holdfast endpoint ${kind} --reason "migration tonight"`],
  run: async (input) =>
    confirm(
      input,
      await adminClient(input).post<Confirmed>(`/api/v1/endpoint/${kind}`, reasonOf(input)),
    ),
})

export const endpoint: readonly Command[] = [
  show,
  set,
  pinning('pin', 'stay with this endpoint, whatever redirects and failures say'),
  pinning('unpin', 'follow redirects and roll back again'),
]

type Confirmed = { readonly url: string; readonly epoch: number; readonly pinned: boolean }

const reasonOf = (input: Input): { readonly reason?: string } => {
  const reason = textOf(input, 'reason')
  return reason === undefined ? {} : { reason }
}

const confirm = (input: Input, confirmed: Confirmed): 0 => {
  const { url, epoch, pinned } = confirmed
  input.print(
    isSet(input, 'json')
      ? `${JSON.stringify(confirmed)}\n`
      : `Epoch ${thousands(epoch)}: ${printable(url)}${pinned ? ' (pinned)' : ''}\n`,
  )
  return 0
}

const columns: readonly Column<ShownEndpoint['history'][number]>[] = [
  { head: 'EPOCH', cell: ({ epoch }) => epoch },
  { head: 'AT', cell: ({ at }) => at },
  { head: 'BY', cell: ({ by }) => by },
  { head: 'URL', cell: ({ url }) => url },
  { head: 'REASON', cell: ({ reason }) => reason },
]

const endpointText = ({ url, epoch, state, pinned, pending, history }: ShownEndpoint): string =>
  [
    `${painted('bold', printable(url ?? 'none'))}  epoch ${epoch === null ? '-' : thousands(epoch)}, ${printable(state)}${pinned && state !== 'pinned' ? ', pinned' : ''}`,
    ...(pending > 0
      ? [`${thousands(pending)} attempts are still out under an earlier epoch.`]
      : []),
    '',
    table(columns, history),
  ].join('\n')
