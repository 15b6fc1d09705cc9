import type { IncomingMessage } from 'node:http'
import { contentTypes, type Encoding } from '../otlp/response.ts'
import { tenantFault } from '../otlp/split.ts'
import { type Coding, codings } from './body.ts'
import { type Answer, failure } from './http-exchange.ts'

export type Tenancy = {
  /** The request header that names the tenant, in lower case. */
  readonly header: string
  /** The resource attribute that names it where the header does not. */
  readonly resourceAttribute: string
  readonly defaultTenant: string
}

/** What the head of a request says about its body. */
export type Head = {
  readonly encoding: Encoding
  readonly coding: Coding
  readonly tenant: string | undefined
}

export const logsPath = '/v1/logs'
const otherSignals = new Set(['/v1/traces', '/v1/metrics', '/v1development/profiles'])

/** The answer to a request that is no export of logs; undefined for one that is. */
export const routeFault = (request: IncomingMessage): Answer | undefined => {
  const encoding = encodingOf(request) ?? 'json'
  const [path = ''] = (request.url ?? '').split('?', 1)
  if (path !== logsPath) {
    const message = otherSignals.has(path)
      ? `This pipeline takes logs, not what is sent to ${path}. Send logs to ${logsPath}.`
      : `There is nothing at this path. Logs are sent to ${logsPath}.`
    return failure(404, 'notFound', { message, encoding })
  }
  if (request.method === 'POST') return undefined
  const message = `${logsPath} takes POST, not ${request.method}.`
  return failure(405, 'unimplemented', { message, encoding, headers: { allow: 'POST' } })
}

/** Reads the head of an export request, or says what to answer to it. */
export const headOf = (request: IncomingMessage, tenancy: Tenancy): Head | Answer => {
  const encoding = encodingOf(request)
  if (encoding === undefined)
    return failure(415, 'invalidArgument', {
      message: `The content-type must be one of: ${Object.values(contentTypes).join(', ')}.`,
      encoding: 'json',
    })
  const coding = codingOf(request)
  if (coding === undefined)
    return failure(415, 'invalidArgument', {
      message: `The content-encoding must be one of: ${codings.join(', ')}.`,
      encoding,
      headers: { 'accept-encoding': codings.join(', ') },
    })
  const named = request.headersDistinct[tenancy.header] ?? []
  if (named.length > 1)
    return failure(400, 'invalidArgument', {
      message: `The header ${tenancy.header} must be sent once, not ${named.length} times.`,
      encoding,
    })
  const [tenant] = named
  const fault = tenant === undefined || tenant === '' ? undefined : tenantFault(tenant)
  if (fault !== undefined)
    return failure(400, 'invalidArgument', {
      message: `The header ${tenancy.header} is not usable: ${fault}.`,
      encoding,
    })
  return { encoding, coding, tenant: tenant === '' ? undefined : tenant }
}

/** A content type may carry parameters, which change nothing here: JSON is UTF-8. */
const encodingOf = ({ headers }: IncomingMessage): Encoding | undefined => {
  const [type = ''] = (headers['content-type'] ?? '').split(';', 1)
  const sent = type.trim().toLowerCase()
  return (['protobuf', 'json'] as const).find((encoding) => contentTypes[encoding] === sent)
}

const codingOf = ({ headers }: IncomingMessage): Coding | undefined => {
  const sent = (headers['content-encoding'] ?? 'identity').trim().toLowerCase()
  return codings.find((coding) => coding === sent)
}
