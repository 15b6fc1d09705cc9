import type { StreamAccount, Totals } from '../../infra/ledger/ledger.ts'
import { adminClient, adminOption } from './admin-client.ts'
import { type Command, isSet, jsonOption, textOf } from './command.ts'
import { type Column, painted, printable, table, thousands } from './table.ts'

type Account = { readonly totals: Totals; readonly streams: readonly StreamAccount[] }

export const ledger: Command = {
  name: 'ledger',
  summary: 'the account per tenant and stream: accepted = delivered + dropped + pending',
  operands: [],
  options: {
    admin: adminOption,
    tenant: { value: 'T', help: 'only this tenant' },
    json: jsonOption,
  },
  examples: ['holdfast ledger', 'holdfast ledger --tenant acme --json'],
  run: async (input) => {
    const tenant = textOf(input, 'tenant')
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

const accountText = ({ totals, streams }: Account): string => {
  const sum: StreamAccount = { tenant: 'total', service: '', producer: '', ...totals }
  const verdict =
    totals.unaccounted === 0
      ? painted('green', 'The account balances.')
      : painted('red', `${thousands(totals.unaccounted)} records are unaccounted for.`)
  const refused =
    totals.refused === 0 ? '' : ` Clients were told to keep ${thousands(totals.refused)} records.`
  const head = streams.length === 0 ? printable('Nothing was accepted yet.\n') : ''
  return `${head}${table(columns, [...streams, sum])}\n${verdict}${refused}\n`
}
