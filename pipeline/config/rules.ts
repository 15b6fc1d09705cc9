import { header, isLoopback, type Listen, listenText } from './addresses.ts'
import type { Path } from './config-file.ts'
import type { Fault } from './fault.ts'
import { kafkaFindings } from './kafka-settings.ts'
import type { FileContent } from './schema.ts'
import { byteText, durationText } from './units.ts'
import { workerFindings } from './worker-rules.ts'

type Finding = Omit<Fault, 'line'>
const finding = (path: Path, problem: string, allowed: string): Finding => ({
  path,
  problem,
  allowed,
})

/** A batch may be appended while one is sent, one evicted and one retired. */
const batchesInCacheMin = 4

/** What no single value shows: the rules between values. */
export const findings = (content: FileContent): readonly Finding[] => [
  ...sizes(content),
  ...reach(content),
  ...ports(content),
  ...headerFindings(content),
  ...(typeof content.transport === 'string' ? [] : kafkaFindings(content.transport.kafka)),
  ...noticeFindings(content),
  ...workerFindings(content),
]

const sizes = ({ cache, batch, dispatch, limits }: FileContent): readonly Finding[] => {
  const least = batchesInCacheMin * batch.max_bytes
  const { initial, max } = dispatch.backoff
  return [
    ...(cache.capacity < least
      ? [
          finding(
            ['cache', 'capacity'],
            `${byteText(cache.capacity)} is too little for batches of ${byteText(batch.max_bytes)}`,
            `allowed: at least ${batchesInCacheMin} × batch.max_bytes, ${byteText(least)}`,
          ),
        ]
      : []),
    ...(initial > max
      ? [
          finding(
            ['dispatch', 'backoff', 'initial'],
            `${durationText(initial)} is longer than the longest pause`,
            `allowed: dispatch.backoff.max, ${durationText(max)}, at most`,
          ),
        ]
      : []),
    ...(limits.max_decompressed_bytes < limits.max_request_bytes
      ? [
          finding(
            ['limits', 'max_decompressed_bytes'],
            `${byteText(limits.max_decompressed_bytes)} is less than a request may have as it is sent`,
            `allowed: at least limits.max_request_bytes, ${byteText(limits.max_request_bytes)}`,
          ),
        ]
      : []),
  ]
}

const reach = ({ sources, admin, cache }: FileContent): readonly Finding[] => [
  ...(Object.values(sources).some((source) => source !== undefined)
    ? []
    : [finding(['sources'], 'there is no source', 'allowed: at least one of otlp_http')]),
  ...(admin.token === '' && !isLoopback(admin.listen.host)
    ? [
        finding(
          ['admin', 'token'],
          `the admin API listens on ${listenText(admin.listen)}, beyond this machine, without a token`,
          `allowed: a token, such as \${HOLDFAST_ADMIN_TOKEN}, or a loopback address in admin.listen`,
        ),
      ]
    : []),
  ...cache.priorities.flatMap(({ match }, index) =>
    match.service === undefined && match.tenant === undefined
      ? [
          finding(
            ['cache', 'priorities', index, 'match'],
            'this matches nothing in particular',
            'allowed: service, tenant, or both',
          ),
        ]
      : [],
  ),
]

/** Two listeners on one port would fail only once it is started, one of them already up. */
const ports = ({ sources, admin, receiver }: FileContent): readonly Finding[] => {
  const named: readonly (readonly [Path, Listen | undefined])[] = [
    [['sources', 'otlp_http', 'listen'], sources.otlp_http?.listen],
    [['admin', 'listen'], admin.listen],
    [['receiver', 'listen'], receiver?.listen],
  ]
  const listeners = named.flatMap(([path, listen]) =>
    listen === undefined || listen.port === 0 ? [] : [{ path, listen }],
  )
  return listeners.flatMap(({ path, listen }, index) => {
    const earlier = listeners.slice(0, index).find((other) => overlap(other.listen, listen))
    return earlier === undefined
      ? []
      : [
          finding(
            path,
            `${listenText(listen)} is taken by ${earlier.path.join('.')}`,
            'allowed: an address of its own, or port 0 for any that is free',
          ),
        ]
  })
}

const everyInterface = new Set(['0.0.0.0', '::'])
const overlap = (one: Listen, other: Listen): boolean =>
  one.port === other.port &&
  (one.host === other.host || everyInterface.has(one.host) || everyInterface.has(other.host))

const headerFindings = ({ endpoint, tenancy }: FileContent): readonly Finding[] => [
  ...inHeaders(endpoint.headers, ['endpoint', 'headers'], tenancy.header),
  ...endpoint.redirects.allow.flatMap((entry, index) => {
    if (typeof entry === 'string') return []
    const path = ['endpoint', 'redirects', 'allow', index]
    const wide = entry.host.startsWith('*') && Object.keys(entry.headers).length > 0
    return [
      ...inHeaders(entry.headers, [...path, 'headers'], tenancy.header),
      ...(wide
        ? [
            finding(
              [...path, 'host'],
              `the headers of ${entry.host} would go to every host below it`,
              'allowed: a host without * where there are headers',
            ),
          ]
        : []),
    ]
  }),
]

const noticeFindings = ({ notices }: FileContent): readonly Finding[] => {
  const { backoff, webhooks } = notices
  const names = webhooks.map(({ name, url }) => name ?? new URL(url).host)
  const late = backoff.initial > backoff.max
  return [
    ...(late
      ? [
          finding(
            ['notices', 'backoff', 'initial'],
            `${durationText(backoff.initial)} is longer than the longest pause`,
            `allowed: notices.backoff.max, ${durationText(backoff.max)}, at most`,
          ),
        ]
      : []),
    ...webhooks.flatMap((webhook, index) => {
      const path: Path = ['notices', 'webhooks', index]
      const name = names[index] ?? ''
      const isTaken = names.indexOf(name) < index
      const own = 'allowed: a name of its own'
      return [
        ...inHeaders(webhook.headers, [...path, 'headers']),
        ...(isTaken ? [finding([...path, 'name'], `another webhook is called ${name}`, own)] : []),
        ...secretFindings(webhook.secret ?? '', [...path, 'secret']),
      ]
    }),
  ]
}

/** A key that a receiver would read otherwise than it is read here makes every signature wrong. */
const secretFindings = (secret: string, path: Path): readonly Finding[] => {
  const [, encoded] = /^whsec_(.*)$/s.exec(secret) ?? []
  const bytes = encoded === undefined ? secret.length : Buffer.from(encoded, 'base64').length
  const isBase64 = encoded === undefined || /^[A-Za-z0-9+/]+={0,2}$/.test(encoded)
  return secret === '' || (isBase64 && bytes >= secretBytesMin)
    ? []
    : [
        finding(
          path,
          isBase64 ? 'this secret is too short' : 'this secret is no base64 behind whsec_',
          `allowed: whsec_ and ${secretBytesMin} bytes or more in base64, or as many characters of text`,
        ),
      ]
}
const secretBytesMin = 24

const inHeaders = (
  headers: Readonly<Record<string, string>>,
  path: Path,
  tenancyHeader?: string,
): readonly Finding[] => {
  const seen = new Set<string>()
  return Object.entries(headers).flatMap(([name, value]) => {
    const at = [...path, name]
    const answer = header(name, value)
    if (answer.kind === 'wrong') return [finding(at, answer.problem, answer.allowed)]
    const [lower] = answer.value
    if (lower === tenancyHeader)
      return [finding(at, `${lower} names the tenant of each request`, 'allowed: any other header')]
    if (seen.has(lower)) return [finding(at, `${lower} is here twice`, 'allowed: each header once')]
    seen.add(lower)
    return []
  })
}
