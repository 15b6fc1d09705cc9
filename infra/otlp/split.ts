/**
 * Splits an ExportLogsServiceRequest by stream without decoding a record:
 *
 *     ExportLogsServiceRequest { repeated ResourceLogs resource_logs = 1 }
 *
 * Serialised messages concatenate, so any run of ResourceLogs fields (tag and length included) is a
 * request again, and so are runs joined from several requests.
 */
import { nextTag, request } from './grammar.ts'
import { type Malformed, malformedAt } from './malformed.ts'
import { seenAsOne, slicesOf } from './pieces.ts'
import {
  earliestMs,
  latestMs,
  openTally,
  resetTally,
  type Tally,
  tallyResourceLogs,
} from './tally.ts'
import { asBuffer, MalformedError, readEnd, skipValue } from './wire.ts'

/** Records of one stream in one request, in their order. */
export type StreamPart = {
  readonly tenant: string
  readonly service: string
  readonly records: number
  /**
   * Serialised ResourceLogs fields, in slices of the body that may break anywhere. They may be joined
   * with others, whole.
   */
  readonly payload: readonly Uint8Array[]
  readonly bytes: number
  /** Earliest and latest time of a record (time_unix_nano, else observed), 0 where none has one. */
  readonly fromMs: number
  readonly toMs: number
}

export type Tenancy = {
  /**
   * What the request's tenancy header said; it overrules the resource attribute. Like the default,
   * it has passed `tenantFault`.
   */
  readonly named: string | undefined
  /** The resource attribute that names a tenant. */
  readonly resourceAttribute: string
  readonly defaultTenant: string
}

export type Split = { readonly kind: 'split'; readonly parts: readonly StreamPart[] } | Malformed

/** As OpenTelemetry's resource conventions have it for a resource without a service.name. */
export const unknownService = 'unknown_service'
export const serviceCharsMax = 256
export const tenantCharsMax = 256
export const recordsPerRequestMax = 1_000_000
export const streamsPerRequestMax = 10_000
/**
 * Dividing a large ResourceLogs repeats what stands around its records (resource, scope) in each
 * piece. This bounds the sum of records × bytes around them, so that a small request cannot be made
 * to grow without bound.
 */
export const repetitionMax = 2 ** 34

/**
 * Bytes that are no ResourceLogs (unknown fields) and ResourceLogs without records are left out.
 */
export const split = (body: Uint8Array, tenancy: Tenancy): Split =>
  splitPieces([asBuffer(body)], tenancy)

/** Splits a body that came in pieces: the payloads are slices of those. */
export const splitPieces = (pieces: readonly Buffer[], tenancy: Tenancy): Split =>
  seenAsOne(pieces, (bytes) => {
    try {
      return {
        kind: 'split',
        parts: splitBytes(bytes, tenancy).map(({ ranges, ...part }) => ({
          ...part,
          payload: slicesOf(pieces, ranges),
        })),
      }
    } catch (cause) {
      if (cause instanceof MalformedError) return malformedAt(bytes, cause)
      throw cause
    }
  })

type Open = Omit<StreamPart, 'payload'> & { readonly ranges: number[] }
type Growing = { -readonly [Key in keyof Open]: Open[Key] }

const splitBytes = (bytes: Buffer, tenancy: Tenancy): readonly Open[] => {
  const cursor = { bytes, at: 0 }
  const tally = openTally(['service.name', tenancy.resourceAttribute])
  const streams = new Map<string, Growing>()
  let records = 0
  let repetition = 0
  while (cursor.at < bytes.length) {
    const start = cursor.at
    const tag = nextTag(cursor, bytes.length, request)
    if (tag >>> 3 !== 1) {
      skipValue(cursor, tag & 7, bytes.length)
      continue
    }
    resetTally(tally)
    tallyResourceLogs(cursor, readEnd(cursor, bytes.length), tally)
    if (tally.records === 0) continue
    records += tally.records
    if (records > recordsPerRequestMax)
      throw new MalformedError(`more than ${recordsPerRequestMax} records in one request`, start)
    repetition += tally.records * (cursor.at - start - tally.recordBytes)
    if (repetition > repetitionMax)
      throw new MalformedError('a resource or scope too large for its number of records', start)
    join(streams, { start, end: cursor.at, stream: streamOf(tally, tenancy, start), tally })
  }
  return [...streams.values()]
}

type Stream = { readonly tenant: string; readonly service: string }

const streamOf = (tally: Tally, tenancy: Tenancy, start: number): Stream => {
  const [service = '', attribute = ''] = tally.found
  if (service.length > serviceCharsMax)
    throw new MalformedError(`service.name longer than ${serviceCharsMax} characters`, start)
  return { tenant: tenantOf(attribute, tenancy, start), service: service || unknownService }
}

const tenantOf = (attribute: string, tenancy: Tenancy, start: number): string => {
  if (tenancy.named !== undefined) return tenancy.named
  if (attribute === '') return tenancy.defaultTenant
  const fault = tenantFault(attribute)
  if (fault !== undefined)
    throw new MalformedError(`resource attribute ${tenancy.resourceAttribute}: ${fault}`, start)
  return attribute
}

/** What is wrong with a tenant's name, if anything: it has to travel in an HTTP header. */
export const tenantFault = (tenant: string): string | undefined => {
  if (tenant === '') return 'a tenant must not be empty'
  if (tenant.length > tenantCharsMax) return `a tenant has at most ${tenantCharsMax} characters`
  if (!/^[!-~]([ -~]*[!-~])?$/.test(tenant))
    return 'a tenant is made of printable ASCII characters, with no space at either end'
  return undefined
}

type Walked = {
  readonly start: number
  readonly end: number
  readonly stream: Stream
  readonly tally: Tally
}

const join = (streams: Map<string, Growing>, { start, end, stream, tally }: Walked): void => {
  const { tenant, service } = stream
  // The length in front keeps ("a", "b/c") and ("a/b", "c") apart, whatever a name contains.
  const key = `${tenant.length}/${tenant}/${service}`
  const fromMs = earliestMs(tally)
  const toMs = latestMs(tally)
  const { records } = tally
  const part = streams.get(key)
  if (part === undefined) {
    if (streams.size === streamsPerRequestMax)
      throw new MalformedError(`more than ${streamsPerRequestMax} streams in one request`, start)
    const bytes = end - start
    streams.set(key, { tenant, service, records, bytes, fromMs, toMs, ranges: [start, end] })
    return
  }
  part.records += records
  part.bytes += end - start
  part.fromMs = earlier(part.fromMs, fromMs)
  part.toMs = Math.max(part.toMs, toMs)
  if (part.ranges.at(-1) === start) part.ranges[part.ranges.length - 1] = end
  else part.ranges.push(start, end)
}

/** The earlier of two times, of which 0 is none. */
export const earlier = (one: number, other: number): number =>
  one === 0 || other === 0 ? Math.max(one, other) : Math.min(one, other)

/**
 * Number of LogRecords in a payload.
 * @throws {MalformedError}
 */
export const countRecords = (payload: Uint8Array): number => measure(payload).records

/**
 * Records and times of a payload that was walked when it arrived.
 * @throws {MalformedError}
 */
export const measure = (
  payload: Uint8Array,
): Pick<StreamPart, 'records' | 'bytes' | 'fromMs' | 'toMs'> => {
  const bytes = asBuffer(payload)
  const cursor = { bytes, at: 0 }
  const tally = openTally([])
  while (cursor.at < bytes.length) {
    const tag = nextTag(cursor, bytes.length, request)
    if (tag >>> 3 === 1) tallyResourceLogs(cursor, readEnd(cursor, bytes.length), tally)
    else skipValue(cursor, tag & 7, bytes.length)
  }
  const { records } = tally
  return { records, bytes: bytes.length, fromMs: earliestMs(tally), toMs: latestMs(tally) }
}
