import type { Verdict } from '../../actors/delivery/protocol.ts'
import { sizeOf } from '../../schemas/range-set.ts'
import type { Log } from '../telemetry/log.ts'
import { printable } from './answer-message.ts'
import { type AttemptBound, boundAttempt } from './attempt-bound.ts'
import { type Credentials, type Origins, openCredentials } from './credentials.ts'
import type { Endpoint } from './endpoint.ts'
import { exchange, type Reply } from './exchange.ts'
import { type OriginPools, openOriginPools } from './origin-pools.ts'
import { type Compression, requestBody } from './request-body.ts'
import { idsBytesMax, idsOf, requestHeaders } from './request-headers.ts'
import { targetOf } from './target.ts'
import { unreachableDetail } from './unreachable.ts'
import { isOtlpAnswer, verdictOf } from './verdict.ts'

export type OtlpHttpOptions = {
  /** Whose headers are sent to whom. */
  readonly origins: Origins
  /** The request header that names the tenant. */
  readonly tenancyHeader: string
  readonly compression: Compression
  /** Connections to one origin at most. */
  readonly connectionsMax: number
  /** Of Holdfast, for the user-agent. */
  readonly version: string
  readonly log: Log
}

/**
 * An endpoint that speaks OTLP/HTTP, protobuf. It follows no redirect: it tells of it.
 * @throws {CredentialsError} for headers that cannot be sent.
 * @see https://opentelemetry.io/docs/specs/otlp/#otlphttp
 */
export const openOtlpHttpEndpoint = (options: OtlpHttpOptions): Endpoint => {
  const { log } = options
  const credentials = openCredentials(options.origins, options.tenancyHeader)
  const onFault = (origin: string, cause: unknown): void =>
    log.warn('endpoint.pool.failed', `Closing the idle connections to ${origin} failed.`, { cause })
  const now = (): number => Date.now()
  const pools = openOriginPools({ connectionsMax: options.connectionsMax, now, onFault })
  const shared: Shared = { ...options, credentials, pools, doubted: new Set() }
  let closed = false

  return {
    attempt: async (request) => {
      if (closed) return unreachable('abandoned: the endpoint is closed')
      const target = targetOf(request.assignment.url)
      if (target === undefined) return unreachable('the url assigned is no http(s) URL')
      const ids = idsOf(request.piece)
      // Fewer batches have fewer ids; the id of a single one has to go, however long it is.
      if (ids.length > idsBytesMax && request.piece.held.length > 1) return { kind: 'tooLarge' }
      const bound = boundAttempt({ ...request, nowMs: Date.now() })
      try {
        return await attempt(shared, { ...request, target, ids, bound })
      } finally {
        bound.release()
      }
    },
    close: async () => {
      closed = true
      await pools.close()
    },
  }
}

type Shared = OtlpHttpOptions & {
  readonly credentials: Credentials
  readonly pools: OriginPools
  /** Origins whose answers were found doubtful, and that a person was told of. */
  readonly doubted: Set<string>
}
type Bounded = Parameters<Endpoint['attempt']>[0] & {
  readonly target: URL
  readonly ids: string
  readonly bound: AttemptBound
}

const unreachable = (detail: string): Verdict => ({ kind: 'unreachable', detail })

const attempt = async (shared: Shared, bounded: Bounded): Promise<Verdict> => {
  /** The status and headers, while the body is on its way. */
  let head: Reply | undefined
  const told = send(shared, bounded, (reply) => {
    head = reply
  }).then(
    (reply) => judge(shared, bounded, reply),
    (error: unknown) => {
      const detail = printable(shared.credentials.redact(unreachableDetail(error)))
      return unfinished(shared, { bounded, head, detail })
    },
  )
  const late = bounded.bound.reached.then((why) =>
    unfinished(shared, { bounded, head, detail: why }),
  )
  return Promise.race([late, told])
}

const send = async (
  { pools, credentials, ...options }: Shared,
  { target, piece, payload, assignment, ids, bound, trace }: Bounded,
  onHead: (head: Reply) => void,
): Promise<Reply> => {
  const body = await requestBody(payload, options.compression)
  bound.signal.throwIfAborted()
  const encoding = options.compression === 'gzip' ? 'gzip' : 'identity'
  const tenant = piece.held[0]?.batch.tenant ?? ''
  const headers = {
    ...credentials.headersFor(target),
    ...requestHeaders({ ...options, assignment, tenant, ids, encoding, trace }),
  }
  return exchange({
    pool: pools.of(target.origin),
    target,
    headers,
    body,
    signal: bound.signal,
    onHead,
  })
}

const judge = (shared: Shared, { target, piece }: Bounded, reply: Reply): Verdict => {
  const contentType = header(reply, 'content-type') ?? ''
  doubt(shared, { target, contentType, reply })
  const records = sizeOf(piece.cut === null ? piece.held.map(({ batch }) => batch) : [piece.cut])
  return verdictOf({
    status: reply.status,
    location: header(reply, 'location'),
    retryAfter: header(reply, 'retry-after'),
    contentType,
    body: reply.body,
    target,
    records,
    nowMs: Date.now(),
    redact: shared.credentials.redact,
  })
}

/**
 * An answer whose body did not come to its end. Its status is enough, but for 2xx: there the body says
 * how many records were not taken, and a resend is better than a guess.
 */
const unfinished = (
  shared: Shared,
  { bounded, head, detail }: { bounded: Bounded; head: Reply | undefined; detail: string },
): Verdict => {
  if (head === undefined) return unreachable(detail)
  if (head.status >= 300) return judge(shared, bounded, head)
  return unreachable(`${detail}, in the middle of an answer with status ${head.status}`)
}

const header = ({ headers }: Reply, name: string): string | undefined => {
  const value = headers[name]
  return typeof value === 'string' ? value : value?.[0]
}

/** A 2xx means "taken", whoever says it; but a web page says it too, and takes nothing. */
const doubt = (
  { log, doubted }: Shared,
  { target, contentType, reply }: { target: URL; contentType: string; reply: Reply },
): void => {
  if (reply.status >= 300 || reply.body.byteLength === 0 || doubted.size >= doubtedMax) return
  if (isOtlpAnswer(contentType) || doubted.has(target.origin)) return
  doubted.add(target.origin)
  log.warn(
    'endpoint.answer.doubted',
    `${target.origin} answered ${reply.status} with ${printable(contentType)}, which no OTLP receiver does. It is taken as accepted; see that the url is right.`,
    { status: reply.status },
  )
}
const doubtedMax = 100
