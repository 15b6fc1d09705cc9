import type { Verdict } from '../../actors/delivery/protocol.ts'
import { sizeOf } from '../../schemas/range-set.ts'
import type { Log } from '../telemetry/log.ts'
import { printable } from './answer-message.ts'
import { boundAttempt } from './attempt-bound.ts'
import { type Connections, openConnections } from './connections.ts'
import { type Credentials, type Origins, openCredentials } from './credentials.ts'
import type { Endpoint } from './endpoint.ts'
import { type Exchange, exchange, type Reply } from './exchange.ts'
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
  const credentials = openCredentials(options.origins, options.tenancyHeader)
  const connections = openConnections({ perOriginMax: options.connectionsMax })
  const shared: Shared = { ...options, credentials, connections, doubted: new Set() }
  let closed = false

  return {
    attempt: async (request) => {
      if (closed) return unreachable('abandoned: the endpoint is closed')
      const target = targetOf(request.assignment.url)
      if (target === undefined) return unreachable('the url assigned is no http(s) URL')
      const ids = idsOf(request.piece)
      // Fewer batches have fewer ids; the id of a single one has to go, however long it is.
      if (ids.length > idsBytesMax && request.piece.held.length > 1) return { kind: 'tooLarge' }
      return attempt(shared, { ...request, target, ids })
    },
    close: async () => {
      closed = true
      connections.close()
    },
  }
}

type Shared = OtlpHttpOptions & {
  readonly credentials: Credentials
  readonly connections: Connections
  /** Origins whose answers were found doubtful, and that a person was told of. */
  readonly doubted: Set<string>
}
type Addressed = Parameters<Endpoint['attempt']>[0] & {
  readonly target: URL
  readonly ids: string
}

const unreachable = (detail: string): Verdict => ({ kind: 'unreachable', detail })

const attempt = (shared: Shared, addressed: Addressed): Promise<Verdict> => {
  const { promise, resolve } = Promise.withResolvers<Verdict>()
  /** The status and headers, while the body is on its way. */
  let head: Reply | undefined
  let sending: Exchange | undefined
  const settle = (verdict: Verdict): void => {
    bound.release()
    resolve(verdict)
  }
  const leave = (detail: string): void => settle(unfinished(shared, { addressed, head, detail }))
  const bound = boundAttempt({
    ...addressed,
    nowMs: Date.now(),
    onReached: (why) => {
      sending?.breakOff()
      leave(why)
    },
  })
  const fail = (fault: unknown): void =>
    leave(printable(shared.credentials.redact(unreachableDetail(fault))))
  const { payload, giveBack = () => undefined } = addressed
  requestBody({ payload, giveBack }, shared.compression)
    .then((body) => {
      if (bound.isReached()) {
        body.giveBack()
        return
      }
      sending = exchange({
        ...requestOf(shared, addressed),
        body,
        onHead: (reply) => {
          head = reply
        },
        onReply: (reply) => settle(judge(shared, addressed, reply)),
        onFault: fail,
      })
    })
    .catch(fail)
  return promise
}

const requestOf = (
  { connections, credentials, ...options }: Shared,
  { target, piece, assignment, ids, trace }: Addressed,
) => {
  const encoding = options.compression === 'gzip' ? 'gzip' : 'identity'
  const tenant = piece.held[0]?.batch.tenant ?? ''
  return {
    agent: connections.over(target.protocol),
    target,
    headers: {
      ...credentials.headersFor(target),
      ...requestHeaders({ ...options, assignment, tenant, ids, encoding, trace }),
    },
  }
}

const judge = (shared: Shared, { target, piece }: Addressed, reply: Reply): Verdict => {
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
  { addressed, head, detail }: { addressed: Addressed; head: Reply | undefined; detail: string },
): Verdict => {
  if (head === undefined) return unreachable(detail)
  if (head.status >= 300) return judge(shared, addressed, head)
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
