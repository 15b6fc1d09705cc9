import { writeFile } from 'node:fs/promises'
import { adminClient, adminOption } from './admin-client.ts'
import { type Command, CommandError, textOf, UsageError } from './command.ts'

const formats = ['md', 'html', 'json'] as const
const formatDefault = 'md'

export const report: Command = {
  name: 'report',
  summary: 'what was lost or is held back of a time, to be sent to a customer as it is',
  operands: [],
  options: {
    admin: adminOption,
    from: { value: 'T', help: 'RFC 3339, milliseconds since 1970, or an age such as 24h' },
    to: { value: 'T', help: 'the same; both ends belong to the time' },
    tenant: { value: 'T', help: 'only this tenant: what the report says is for its eyes' },
    format: { value: 'F', help: `${formats.join(', ')}; ${formatDefault} unless told` },
    output: { value: 'FILE', short: 'o', help: 'write it there; to stdout unless told' },
  },
  examples: [
    'holdfast report --from 24h --to 5m',
    'holdfast report --from 2026-11-24 --to 2026-11-25 --tenant acme --format html -o acme.html',
  ],
  run: async (input) => {
    const query = new URLSearchParams()
    for (const name of ['from', 'to'] as const) {
      const value = textOf(input, name)
      if (value === undefined) throw new UsageError(`holdfast report needs --${name}.`)
      query.set(name, value)
    }
    const tenant = textOf(input, 'tenant')
    if (tenant !== undefined) query.set('tenant', tenant)
    const format = textOf(input, 'format') ?? formatDefault
    if (!formats.some((known) => known === format))
      throw new UsageError(`--format is "${format}"; allowed: ${formats.join(', ')}.`)
    query.set('format', format)
    const text = await adminClient(input).text(`/api/v1/report?${query}`)
    const file = textOf(input, 'output')
    if (file === undefined) input.print(text)
    else await write(file, text)
    return 0
  },
}

const write = async (file: string, text: string): Promise<void> => {
  try {
    await writeFile(file, text)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new CommandError(`The report could not be written to ${file}: ${why}.`, { cause })
  }
}
