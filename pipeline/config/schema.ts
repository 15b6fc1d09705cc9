import { z } from 'zod'
import { transportSchema } from './kafka-schema.ts'
import {
  count,
  duration,
  headerKey,
  hidden,
  hosts,
  listen,
  size,
  url,
  webhook,
  word,
} from './scalars.ts'

/** The keys of a configuration file, with their defaults. What they mean stands in `config.ts`. */

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
const kibibyte = 2 ** 10
const mebibyte = 2 ** 20
const tebibyte = 2 ** 40

const folder = (description: string) =>
  word({
    description: `${description} A relative path starts at the folder of this file.`,
    pattern: /^[^\0]+$/,
    allowed: 'allowed: a path',
  })
const printable = /^[^\p{Cc}]{1,256}$/u
const pattern = (description: string) =>
  word({
    description: `${description} \`*\` stands for any text.`,
    pattern: printable,
    allowed: 'allowed: a name, with * for any text, such as auth*',
  })

const headers = z
  .record(z.string(), hidden('A value, sent to this origin alone and never logged.'))
  .prefault({})

const sources = z
  .strictObject({
    otlp_http: z
      .strictObject({
        listen: listen('Where clients send to: POST /v1/logs.').prefault('127.0.0.1:4318'),
      })
      .optional()
      .describe('OpenTelemetry over HTTP, protobuf and JSON.'),
  })
  .prefault({})
  .describe('Where records come from. At least one.')

const tenancy = z
  .strictObject({
    header: headerKey('Request header that names the tenant, in and out.').prefault(
      'x-scope-orgid',
    ),
    resource_attribute: word({
      description: 'Resource attribute that names the tenant where the header does not.',
      pattern: printable,
      allowed: 'allowed: the name of an attribute, such as tenant.id',
    }).prefault('tenant.id'),
    default: word({
      description: 'Tenant of what names none.',
      // It has to travel in a header.
      pattern: /^(?=.{1,256}$)[!-~]([ -~]*[!-~])?$/,
      allowed: 'allowed: 1 to 256 printable ASCII characters',
    }).prefault('default'),
  })
  .prefault({})

const cache = z
  .strictObject({
    capacity: size({ min: 4 * kibibyte, max: 64 * tebibyte }, 'Size of the ring on disk.').prefault(
      '1GiB',
    ),
    when_full: z
      .enum(['overwrite_oldest', 'refuse'])
      .prefault('overwrite_oldest')
      .describe(
        'overwrite_oldest: the lowest class goes first, then the oldest, each loss a drop event. refuse: clients are told 503 and keep their records.',
      ),
    durability: z
      .enum(['fsync', 'os'])
      .prefault('fsync')
      .describe(
        'fsync: a 200 means on stable storage. os: a 200 means with the operating system, and a power failure loses what it had not written.',
      ),
    priorities: z
      .array(
        z.strictObject({
          match: z.strictObject({
            service: pattern('The resource attribute service.name.').optional(),
            tenant: pattern('The tenant.').optional(),
          }),
          class: z.enum(['high', 'normal', 'low']),
        }),
      )
      .max(1000)
      .prefault([])
      .describe('What is evicted last (high) and first (low). The first rule that matches counts.'),
  })
  .prefault({})

const batch = z
  .strictObject({
    max_records: count({ min: 1, max: 100_000 }, 'Records of a batch at most.').prefault(1000),
    max_bytes: size({ min: kibibyte, max: 64 * mebibyte }, 'Payload of a batch at most.').prefault(
      '1MiB',
    ),
    linger: duration(
      { min: 0, max: 10_000 },
      'How long to wait for more. 0: what arrives during one commit is joined, and clients that were answered just now are waited for, 1 ms at most.',
    ).prefault('0ms'),
  })
  .prefault({})

const endpoint = z
  .strictObject({
    url: url('OTLP/HTTP base; /v1/logs is appended.').prefault('http://127.0.0.1:4319'),
    headers: headers.describe('Sent to the origin of the url and to no other.'),
    protocol: z.enum(['otlp_http']).prefault('otlp_http'),
    compression: z.enum(['none', 'gzip']).prefault('none'),
    redirects: z
      .strictObject({
        allow: z
          .array(
            z.union([
              hosts('A host, or *.example.com.'),
              z.strictObject({
                host: hosts('A host; one without * when it has headers.'),
                headers: headers.describe('Sent to this host and to no other.'),
              }),
            ]),
          )
          .max(1000)
          .prefault([])
          .describe("Hosts that a redirect may lead to. The url's own is always allowed."),
        max_hops: count({ min: 0, max: 100 }, 'Redirects in a row at most.').prefault(5),
      })
      .prefault({}),
  })
  .prefault({})

const dispatch = z
  .strictObject({
    concurrency: count({ min: 1, max: 1024 }, 'Requests in flight at most.').prefault(8),
    ordering: z
      .enum(['none', 'stream'])
      .prefault('none')
      .describe('stream: one batch of a stream in flight at most.'),
    attempt_timeout: duration(
      { min: 1, max: hour },
      'How long one request may take, answer included.',
    ).prefault('10s'),
    backoff: z
      .strictObject({
        initial: duration({ min: 1, max: hour }, 'First pause after a failure.').prefault('200ms'),
        max: duration({ min: 1, max: day }, 'Longest pause.').prefault('30s'),
      })
      .prefault({}),
    max_age: duration(
      { min: 0, max: 3650 * day },
      'Records older than this are dropped as expired when an attempt fails. 0: never.',
    ).prefault(0),
  })
  .prefault({})

const admin = z
  .strictObject({
    listen: listen('Where probes, metrics and the admin API are served.').prefault(
      '127.0.0.1:8686',
    ),
    token: hidden('Demanded as `Authorization: Bearer …`, but by the probes.').prefault(''),
    inspect: z
      .enum(['off', 'on'])
      .prefault('off')
      .describe('on: the actors can be watched at work, by a WebSocket at /inspect.'),
  })
  .prefault({})

const notices = z
  .strictObject({
    webhooks: z
      .array(
        z.strictObject({
          url: webhook('Where notices are posted to.'),
          name: word({
            description:
              'What it is called in the log and in lists; the host of the url unless told.',
            pattern: /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/,
            allowed: 'allowed: 1 to 128 letters, digits, dots, colons, dashes and underscores',
          }).optional(),
          tenants: z
            .array(pattern('Tenants that it is told of.'))
            .min(1)
            .max(100)
            .prefault(['*'])
            .describe('Of no other tenant it hears anything.'),
          secret: hidden(
            'Signs each notice (HMAC-SHA256, as Standard Webhooks has it): whsec_ and base64, or any text.',
          ).optional(),
          headers: headers.describe('Sent to this webhook and to no other.'),
        }),
      )
      .max(16)
      .prefault([])
      .describe('Who is told of losses, stalls and redirects.'),
    linger: duration(
      { min: 0, max: hour },
      'How long the first notice of a loss waits for more of it.',
    ).prefault('5s'),
    interval: duration(
      { min: 0, max: day },
      'The longest time between two notices of a loss that goes on.',
    ).prefault('15m'),
    attempt_timeout: duration(
      { min: 1, max: 5 * minute },
      'How long one request may take, answer included.',
    ).prefault('10s'),
    backoff: z
      .strictObject({
        initial: duration({ min: 1, max: hour }, 'First pause after a failure.').prefault('1s'),
        max: duration({ min: 1, max: day }, 'Longest pause.').prefault('5m'),
      })
      .prefault({}),
    give_up_after: duration(
      { min: 0, max: 365 * day },
      'A notice that was not acknowledged for so long becomes a dead letter. 0: never.',
    ).prefault('3d'),
    budget: size(
      { min: 64 * kibibyte, max: 64 * mebibyte },
      'What is kept at most; the disk holds it twice.',
    ).prefault('4MiB'),
  })
  .prefault({})
  .describe('The outbox: who is told when records are lost, and how.')

const limits = z
  .strictObject({
    max_request_bytes: size(
      { min: kibibyte, max: 1024 * mebibyte },
      'Body of a request at most, as sent.',
    ).prefault('20MiB'),
    max_decompressed_bytes: size(
      { min: kibibyte, max: 1024 * mebibyte },
      'Body of a request at most, decompressed.',
    ).prefault('100MiB'),
    max_connections: count(
      { min: 1, max: 65_535 },
      'Connections of clients at once, at most.',
    ).prefault(1024),
  })
  .prefault({})

export const fileSchema = z.strictObject({
  name: word({
    description: 'Prefix of the producer id.',
    pattern: /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
    allowed: 'allowed: 1 to 64 letters, digits, dots, dashes and underscores',
  }).prefault('holdfast'),
  data_dir: folder('Where the ring and the journal are kept.').prefault('./data'),
  shutdown_timeout: duration(
    { min: 0, max: hour },
    'How long a stop may finish what is in flight.',
  ).prefault('10s'),
  workers: count({ min: 1, max: 64 }, 'Whole pipelines, a process each, behind one port.').prefault(
    1,
  ),
  sources,
  tenancy,
  cache,
  batch,
  endpoint,
  dispatch,
  transport: transportSchema.prefault('memory').describe('How the actors reach one another.'),
  admin,
  sentinel: z
    .strictObject({
      stall_after: duration(
        { min: 100, max: hour },
        'Work waiting and no progress for so long is a stall.',
      ).prefault('10s'),
    })
    .prefault({}),
  notices,
  limits,
  receiver: z
    .strictObject({
      listen: listen('Where it listens.').prefault('127.0.0.1:4319'),
      directory: folder('Where it writes what it receives.').prefault('./data/received'),
    })
    .optional()
    .describe('A small OTLP/HTTP receiver in the same process, for trying out.'),
})
export type FileContent = z.output<typeof fileSchema>
