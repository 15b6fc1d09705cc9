import type { Deviation } from '../../infra/kafka/topic-plan.ts'
import type { KafkaSettings } from '../config/kafka-settings.ts'
import {
  type Command,
  CommandError,
  configOption,
  type ExitStatus,
  type Input,
  isSet,
  jsonOption,
  UsageError,
} from './command.ts'
import { configured } from './configured.ts'
import { type Column, table } from './table.ts'

/** The topics that the services need: made, or looked at. */
export const topics: readonly Command[] = [
  {
    name: 'topics create',
    summary: 'make the topics that are missing on Kafka, then check all',
    operands: [],
    options: { config: configOption, json: jsonOption },
    examples: [
      'holdfast topics create',
      'holdfast topics create --config /etc/holdfast/holdfast.yaml',
    ],
    run: (input) => obeyed(input, 'create'),
  },
  {
    name: 'topics check',
    summary:
      'compare the topics on Kafka with what is needed: status 1 with each deviation on a line',
    operands: [],
    options: { config: configOption, json: jsonOption },
    examples: ['holdfast topics check', 'holdfast topics check --json'],
    run: (input) => obeyed(input, 'check'),
  },
]

const obeyed = async (input: Input, what: 'create' | 'check'): Promise<ExitStatus> => {
  const given = await configured(input)
  if (given === undefined) return 2
  const { openTopicDesk } = await import('../../infra/kafka/topic-desk.ts')
  const { file } = given
  const { transport } = given.config
  if (transport === 'memory')
    throw new UsageError(`${file} has no transport.kafka: there are no topics to ${what}.`)
  const desk = await orFail(openTopicDesk({ ...transport.kafka, clientId: 'holdfast-topics' }))
  try {
    const made = what === 'create' ? await orFail(desk.create()) : []
    const deviations = await orFail(desk.deviations())
    if (isSet(input, 'json')) input.print(`${JSON.stringify({ made, deviations })}\n`)
    else input.print(shown(transport.kafka, { made, deviations }))
    return deviations.length === 0 ? 0 : 1
  } finally {
    await desk.close()
  }
}

/** What the broker refused is no fault of the program: said without a stack. */
const orFail = async <Value>(asked: Promise<Value>): Promise<Value> => {
  try {
    return await asked
  } catch (cause) {
    throw new CommandError(cause instanceof Error ? cause.message : String(cause), { cause })
  }
}

const columns: readonly Column<Deviation>[] = [
  { head: 'TOPIC', cell: ({ topic }) => topic },
  { head: 'WHAT', cell: ({ what }) => what },
  { head: 'WANTED', cell: ({ wanted }) => wanted },
  {
    head: 'FOUND',
    cell: ({ found }) => found,
    style: ({ kind }) => (kind === 'weak' ? 'yellow' : 'red'),
  },
  { head: 'MEANS', cell: ({ kind }) => meanings[kind] },
]

const meanings: Readonly<Record<Deviation['kind'], string>> = {
  missing: 'services wait for it',
  harmful: 'services do not start on it',
  weak: 'fewer copies than asked for',
}

const shown = (
  { brokers, namespace }: KafkaSettings,
  found: { readonly made: readonly string[]; readonly deviations: readonly Deviation[] },
): string => {
  const made = found.made.map((name) => `Made ${name}.\n`).join('')
  if (found.deviations.length === 0)
    return `${made}All topics of "${namespace}" on ${brokers.join(', ')} are as they should be.\n`
  return `${made}${table(columns, found.deviations)}\nTopics that exist are not changed: that is for you, with the tools of Kafka.\n`
}
