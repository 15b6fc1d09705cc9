import type { StreamAccount, Totals } from '../../infra/ledger/ledger.ts'
import type { LedgerWindow } from '../admin/window-routes.ts'
import { adminClient, adminOption } from './admin-client.ts'
import { type Command, isSet, jsonOption, textOf, UsageError } from './command.ts'
import { type Column, painted, table, thousands } from './table.ts'

type Account = { readonly totals: Totals; readonly streams: readonly StreamAccount[] }

export const ledger: Command = {
  name: 'ledger',
  summary: 'the account per tenant and stream: accepted = delivered + dropped + pending',
  operands: [],
  options: {
    admin: adminOption,
    tenant: { value: 'T', help: 'only this tenant' },
    from: {
      value: 'T',
      help: 'what was accepted since: RFC 3339, or an age such as 24h; needs --to',
    },
    to: { value: 'T', help: 'the same; both ends belong to the time' },
    json: jsonOption,
  },
  examples: [
    'holdfast ledger',
    'holdfast ledger --tenant acme --json',
    'holdfast ledger --from 24h --to 0s',
  ],
  run: async (input) => {
    const tenant = textOf(input, 'tenant')
    const [from, to] = [textOf(input, 'from'), textOf(input, 'to')]
    if ((from === undefined) !== (to === undefined))
      throw new UsageError('--from and --to belong together.')
    if (from !== undefined && to !== undefined) {
      const asked = { from, to, ...(tenant === undefined ? {} : { tenant }) }
      const path = `/api/v1/ledger/window?${new URLSearchParams(asked)}`
      const window = await adminClient(input).get<LedgerWindow>(path)
      input.print(isSet(input, 'json') ? `${JSON.stringify(window)}\n` : windowText(window))
      return 0
    }
    const query = tenant === undefined ? '' : `?${new URLSearchParams({ tenant })}`
    const account = await adminClient(input).get<Account>(`/api/v1/ledger${query}`)
    input.print(isSet(input, 'json') ? `${JSON.stringify(account)}\n` : accountText(account))
    return 0
  },
}

const columns: readonly Column<StreamAccount>[] = [
  { head: 'TENANT', cell: ({ tenant }) => tenant },
  { head: 'SERVICE', cell: ({ service }) => service },
  { head: 'PRODUCER', cell: ({ producer }) => producer },
  { head: 'ACCEPTED', cell: ({ accepted }) => accepted },
  { head: 'DELIVERED', cell: ({ delivered }) => delivered },
  {
    head: 'DROPPED',
    cell: ({ dropped }) => dropped,
    style: ({ dropped }) => (dropped > 0 ? 'red' : null),
  },
  { head: 'PENDING', cell: ({ pending }) => pending },
  {
    head: 'UNACCOUNTED',
    cell: ({ unaccounted }) => unaccounted,
    style: ({ unaccounted }) => (unaccounted === 0 ? null : 'red'),
  },
]

const windowColumns: readonly Column<LedgerWindow['services'][number]>[] = [
  { head: 'TENANT', cell: ({ tenant }) => tenant },
  { head: 'SERVICE', cell: ({ service }) => service },
  { head: 'ACCEPTED', cell: ({ accepted }) => accepted },
  { head: 'DELIVERED', cell: ({ delivered }) => delivered },
  { head: 'LATE', cell: ({ late }) => late, style: ({ late }) => (late > 0 ? 'yellow' : null) },
  {
    head: 'DROPPED',
    cell: ({ dropped }) => dropped,
    style: ({ dropped }) => (dropped > 0 ? 'red' : null),
  },
  { head: 'PENDING', cell: ({ pending }) => pending },
  { head: 'REFUSED', cell: ({ refused }) => refused },
]

const windowText = ({ from, to, services }: LedgerWindow): string => {
  const uncertain = services.reduce((sum, row) => sum + row.uncertain, 0)
  const note =
    uncertain === 0
      ? ''
      : ` Of these, ${thousands(uncertain)} belong to stretches that reach beyond it, and may be of outside.`
  return `${table(windowColumns, services)}\nAccepted from ${from} to ${to}.${note}\n`
}

const accountText = ({ totals, streams }: Account): string => {
  const sum: StreamAccount = { tenant: 'total', service: '', producer: '', ...totals }
  const verdict =
    totals.unaccounted === 0
      ? painted('green', 'The account balances.')
      : painted('red', `${thousands(totals.unaccounted)} records are unaccounted for.`)
  const refused =
    totals.refused === 0 ? '' : ` Clients were told to keep ${thousands(totals.refused)} records.`
  const head = streams.length === 0 ? 'Nothing was accepted yet.\n\n' : ''
  return `${head}${table(columns, [...streams, sum])}\n${verdict}${refused}\n`
}
