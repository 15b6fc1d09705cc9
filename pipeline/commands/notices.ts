import type { ShownNotice, ShownNotices } from '../admin/notice-routes.ts'
import type { Resent } from '../notices/notices.ts'
import { adminClient, adminOption } from './admin-client.ts'
import { type Command, isSet, jsonOption, textOf } from './command.ts'
import { type Column, table, thousands } from './table.ts'

const tenantOption = { value: 'T', help: 'only what concerns this tenant' } as const

const list: Command = {
  name: 'notices list',
  summary: 'what webhooks have not acknowledged yet, and what was given up',
  operands: [],
  options: { admin: adminOption, tenant: tenantOption, json: jsonOption },
  examples: ['holdfast notices list', 'holdfast notices list --tenant acme --json'],
  run: async (input) => {
    const tenant = textOf(input, 'tenant')
    const query = tenant === undefined ? '' : `?${new URLSearchParams({ tenant })}`
    const shown = await adminClient(input).get<ShownNotices>(`/api/v1/notices${query}`)
    input.print(isSet(input, 'json') ? `${JSON.stringify(shown)}\n` : listText(shown))
    return 0
  },
}

const resend: Command = {
  name: 'notices resend',
  summary: 'send dead letters again, and what waits for another attempt at once',
  operands: [],
  options: { admin: adminOption, tenant: tenantOption, json: jsonOption },
  examples: ['holdfast notices resend', 'holdfast notices resend --tenant acme'],
  run: async (input) => {
    const tenant = textOf(input, 'tenant')
    const body = tenant === undefined ? {} : { tenant }
    const resent = await adminClient(input).post<Resent>('/api/v1/notices/resend', body)
    input.print(isSet(input, 'json') ? `${JSON.stringify(resent)}\n` : resentText(resent))
    return 0
  },
}

export const notices: readonly Command[] = [list, resend]

const resentText = ({ revived, hurried }: Resent): string =>
  `Dead letters sent again: ${thousands(revived)}. Others tried at once: ${thousands(hurried)}.\n`

const listText = ({ webhooks, notices: shown, omitted }: ShownNotices): string => {
  if (webhooks.length === 0 && shown.length === 0) return 'No webhook is configured.\n'
  return [
    table(
      [
        { head: 'WEBHOOK', cell: ({ name }) => name },
        { head: 'TENANTS', cell: ({ tenants }) => tenants.join(' ') },
        { head: 'PENDING', cell: ({ pending }) => pending },
        { head: 'DEAD', cell: ({ dead }) => dead, style: ({ dead }) => (dead > 0 ? 'red' : null) },
      ] satisfies readonly Column<ShownNotices['webhooks'][number]>[],
      webhooks,
    ),
    ...(shown.length === 0 ? [] : ['\n', table(columns, shown)]),
    ...(omitted === 0 ? [] : [`and ${thousands(omitted)} more\n`]),
  ].join('')
}

const columns: readonly Column<ShownNotice>[] = [
  { head: 'SINCE', cell: ({ openedAt }) => openedAt },
  { head: 'TYPE', cell: ({ type }) => type },
  { head: 'SUBJECT', cell: ({ subject }) => subject },
  { head: 'WEBHOOK', cell: ({ webhook }) => webhook },
  {
    head: 'STATE',
    cell: ({ state }) => state,
    style: ({ state }) => (state === 'dead' ? 'red' : null),
  },
  { head: 'ATTEMPTS', cell: ({ attempts }) => attempts },
  { head: 'NEXT', cell: ({ nextAt }) => nextAt ?? '-' },
  { head: 'ID', cell: ({ id }) => id ?? '-' },
  { head: 'FAILURE', cell: ({ failure }) => failure ?? '-' },
]
