import { z } from 'zod'
import { type Read, read, wrong } from './fault.ts'
import { count, duration, hidden, scalarText, word } from './scalars.ts'

/** The keys of `transport.kafka`, with their defaults. What they mean stands in `kafka-settings.ts`. */

const minute = 60_000

const path = (description: string) =>
  word({
    description: `${description} A PEM file; a relative path starts at the folder of this file.`,
    pattern: /^[^\0]+$/,
    allowed: 'allowed: a path',
  })

const brokerAllowed = 'allowed: host:port, such as kafka-1.example.net:9092'
const portMax = 65_535
const brokerAddress = (text: string): Read<string> => {
  const [, port] = /^(?:\[[0-9a-f:.]+\]|[a-z0-9._-]+):(\d{1,5})$/i.exec(text) ?? []
  const known = port !== undefined && Number(port) >= 1 && Number(port) <= portMax
  return known
    ? read(text)
    : wrong(`"${text.slice(0, 80)}" is no address of a broker`, brokerAllowed)
}

const registryAllowed = 'allowed: an http:// or https:// URL, such as https://registry.example.net'
const registryUrl = (text: string): Read<string> => {
  if (!URL.canParse(text)) return wrong('this is no absolute URL', registryAllowed)
  const url = new URL(text)
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    return wrong('this is neither an http:// nor an https:// URL', registryAllowed)
  if (url.username !== '' || url.password !== '')
    return wrong(
      'a URL must not carry credentials, since it is shown and logged',
      'allowed: username and password beside the url',
    )
  return read(text.replace(/\/+$/, ''))
}

const tls = z.strictObject({
  ca: path('Authorities to trust instead of those that Node trusts.').optional(),
  cert: path("The client's certificate, where brokers ask for one.").optional(),
  key: path("The client's key.").optional(),
  servername: word({
    description: 'Name that the certificate bears, where it is not the host that is dialled.',
    pattern: /^[A-Za-z0-9._-]{1,253}$/,
    allowed: 'allowed: a host name',
  }).optional(),
})

const sasl = z.strictObject({
  mechanism: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']),
  username: hidden('The account.'),
  password: hidden('Its password, never logged.'),
})

const schemaRegistry = z.strictObject({
  url: scalarText(registryUrl, { description: "The registry's address." }),
  username: hidden('For basic authentication.').prefault(''),
  password: hidden('For basic authentication, never logged.').prefault(''),
})

export const kafkaSchema = z.strictObject({
  brokers: z
    .array(scalarText(brokerAddress, { description: 'host:port' }))
    .max(100)
    .refine((list) => list.length > 0, {
      message: 'there is no broker',
      params: { allowed: brokerAllowed },
    })
    .describe('Brokers to ask for the others; two or three are enough.'),
  namespace: word({
    description: 'What the names of topics, groups and transactional ids begin with.',
    pattern: /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/,
    allowed: 'allowed: 1 to 100 letters, digits, dots, dashes and underscores',
  }).prefault('holdfast'),
  shards: count(
    { min: 1, max: 1024 },
    'Shares of the streams, each with a cache and a dispatcher. It cannot be changed later.',
  ).prefault(6),
  replication_factor: count({ min: 1, max: 100 }, 'Copies of each topic.').prefault(3),
  min_insync_replicas: count(
    { min: 1, max: 100 },
    'Copies that have a message before it counts as written.',
  ).prefault(2),
  compression: z
    .enum(['none', 'gzip', 'snappy', 'lz4', 'zstd'])
    .prefault('zstd')
    .describe('How messages are packed, on the wire and on the disks of the brokers.'),
  connect_timeout: duration({ min: 100, max: minute }, 'How long a connection may take.').prefault(
    '5s',
  ),
  request_timeout: duration(
    { min: 1000, max: 5 * minute },
    'How long an answer may take.',
  ).prefault('10s'),
  session_timeout: duration(
    { min: 1000, max: 5 * minute },
    'After how long without a heartbeat others take over the shards of a service.',
  ).prefault('10s'),
  tls: tls.optional().describe('TLS, checked. `{}` trusts the authorities that Node trusts.'),
  sasl: sasl.optional().describe('Who we are.'),
  schema_registry: schemaRegistry
    .optional()
    .describe("Messages in Confluent's wire format, with their schemas in this registry."),
})
export type KafkaContent = z.output<typeof kafkaSchema>

const transportAllowed = 'allowed: memory, or a mapping: kafka: { brokers: [host:port] }'

export const transportSchema = z.union([
  scalarText(
    (text) => (text === 'memory' ? read(text) : wrong(`"${text}" is not known`, transportAllowed)),
    {
      description: 'memory: all actors in one process.',
    },
  ),
  z.strictObject({ kafka: kafkaSchema }),
])
