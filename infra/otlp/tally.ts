/**
 * Walks one ResourceLogs, counts its records and keeps the earliest and latest time. Of a record
 * only two fields are looked at:
 *
 *     LogRecord { fixed64 time_unix_nano = 1; … fixed64 observed_time_unix_nano = 11; … }
 *
 * and of the resource the attributes that name its stream:
 *
 *     Resource { repeated KeyValue attributes = 1 }
 *     KeyValue { string key = 1; AnyValue value = 2 }
 *     AnyValue { oneof { string string_value = 1; … } }
 */
import {
  anyValue,
  checkMessage,
  checkShortField,
  childOf,
  keyValue,
  logRecord,
  nextTag,
  resource,
  resourceLogs,
  scope,
  scopeLogs,
} from './grammar.ts'
import { type Cursor, readEnd, skipValue } from './wire.ts'

/** What walking finds. One is used for many ResourceLogs, and reset before each. */
export type Tally = {
  records: number
  /** Bytes of the record fields; the rest of a ResourceLogs is what stands around them. */
  recordBytes: number
  /** Records that have a time. */
  timed: number
  earliestHigh: number
  earliestLow: number
  latestHigh: number
  latestLow: number
  /** Values of the sought attributes, in their order, where they are strings. */
  readonly found: (string | undefined)[]
  readonly sought: readonly Sought[]
}
export type Sought = { readonly key: string; readonly bytes: number }

export const openTally = (keys: readonly string[]): Tally => ({
  records: 0,
  recordBytes: 0,
  timed: 0,
  earliestHigh: 0,
  earliestLow: 0,
  latestHigh: 0,
  latestLow: 0,
  found: keys.map(() => undefined),
  sought: keys.map((key) => ({ key, bytes: Buffer.byteLength(key) })),
})

export const resetTally = (tally: Tally): void => {
  tally.records = 0
  tally.recordBytes = 0
  tally.timed = 0
  tally.found.fill(undefined)
}

const nanosPerMs = 1_000_000
const millis = (high: number, low: number): number =>
  Number(((BigInt(high) << 32n) | BigInt(low)) / BigInt(nanosPerMs))
/** Milliseconds since the epoch, rounded down; 0 where no record has a time. */
export const earliestMs = (tally: Tally): number =>
  tally.timed === 0 ? 0 : millis(tally.earliestHigh, tally.earliestLow)
export const latestMs = (tally: Tally): number =>
  tally.timed === 0 ? 0 : millis(tally.latestHigh, tally.latestLow)

/** @throws {MalformedError} */
export const tallyResourceLogs = (cursor: Cursor, end: number, tally: Tally): void => {
  while (cursor.at < end) {
    const tag = nextTag(cursor, end, resourceLogs)
    if (tag >>> 3 === 2) tallyScopeLogs(cursor, readEnd(cursor, end), tally)
    else if (tag >>> 3 === 1) seekAttributes(cursor, readEnd(cursor, end), tally)
    else skipValue(cursor, tag & 7, end)
  }
}

const tallyScopeLogs = (cursor: Cursor, end: number, tally: Tally): void => {
  while (cursor.at < end) {
    const start = cursor.at
    const tag = nextTag(cursor, end, scopeLogs)
    if (tag >>> 3 === 2) {
      tallyRecord(cursor, readEnd(cursor, end), tally)
      tally.records += 1
      tally.recordBytes += cursor.at - start
    } else if (tag >>> 3 === 1) checkMessage(cursor, readEnd(cursor, end), scope, 3)
    else skipValue(cursor, tag & 7, end)
  }
}

/** As protobuf has it, the last of several values of a field counts. */
const tallyRecord = (cursor: Cursor, end: number, tally: Tally): void => {
  const { bytes } = cursor
  let high = 0
  let low = 0
  let observedHigh = 0
  let observedLow = 0
  while (cursor.at < end) {
    if (checkShortField(cursor, end, logRecord, 3)) continue
    const tag = nextTag(cursor, end, logRecord)
    const field = tag >>> 3
    const child = childOf(logRecord, tag)
    if (child !== null) {
      checkMessage(cursor, readEnd(cursor, end), child, 4)
      continue
    }
    const at = cursor.at
    skipValue(cursor, tag & 7, end)
    if (field === 1) {
      low = uint32At(bytes, at)
      high = uint32At(bytes, at + 4)
    } else if (field === 11) {
      observedLow = uint32At(bytes, at)
      observedHigh = uint32At(bytes, at + 4)
    }
  }
  if (high === 0 && low === 0) noteTime(tally, observedHigh, observedLow)
  else noteTime(tally, high, low)
}

const uint32At = (bytes: Buffer, at: number): number =>
  ((bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)) >>>
  0

/** Nanoseconds as two halves: doubles cannot hold them, and a bigint a record costs too much. */
const noteTime = (tally: Tally, high: number, low: number): void => {
  // The first millisecond of 1970 cannot be told from no time at all.
  if (high === 0 && low < nanosPerMs) return
  const first = tally.timed === 0
  tally.timed += 1
  if (
    first ||
    high < tally.earliestHigh ||
    (high === tally.earliestHigh && low < tally.earliestLow)
  ) {
    tally.earliestHigh = high
    tally.earliestLow = low
  }
  if (first || high > tally.latestHigh || (high === tally.latestHigh && low > tally.latestLow)) {
    tally.latestHigh = high
    tally.latestLow = low
  }
}

const seekAttributes = (cursor: Cursor, end: number, tally: Tally): void => {
  while (cursor.at < end) {
    const tag = nextTag(cursor, end, resource)
    if (tag >>> 3 === 1) seekAttribute(cursor, readEnd(cursor, end), tally)
    else skipValue(cursor, tag & 7, end)
  }
}

const seekAttribute = (cursor: Cursor, end: number, tally: Tally): void => {
  let keyStart = 0
  let keyEnd = 0
  let value: string | undefined
  let valueAt = -1
  let valueEnd = -1
  while (cursor.at < end) {
    const tag = nextTag(cursor, end, keyValue)
    if (tag >>> 3 === 1) {
      keyEnd = readEnd(cursor, end)
      keyStart = cursor.at
      cursor.at = keyEnd
    } else if (tag >>> 3 === 2) {
      valueEnd = readEnd(cursor, end)
      valueAt = cursor.at
      checkMessage(cursor, valueEnd, anyValue, 4)
    } else skipValue(cursor, tag & 7, end)
  }
  const { sought, found } = tally
  for (let index = 0; index < sought.length; index += 1) {
    const { key, bytes } = sought[index] as Sought
    if (bytes !== keyEnd - keyStart || found[index] !== undefined || valueAt < 0) continue
    if (cursor.bytes.toString('utf8', keyStart, keyEnd) !== key) continue
    value = readString({ bytes: cursor.bytes, at: valueAt }, valueEnd)
    found[index] = value
  }
}

/** The string in an AnyValue; undefined for another kind. The last member of a oneof counts. */
const readString = (cursor: Cursor, end: number): string | undefined => {
  let text: string | undefined
  while (cursor.at < end) {
    const tag = nextTag(cursor, end, anyValue)
    const field = tag >>> 3
    if (field === 1) {
      const textEnd = readEnd(cursor, end)
      text = cursor.bytes.toString('utf8', cursor.at, textEnd)
      cursor.at = textEnd
    } else {
      skipValue(cursor, tag & 7, end)
      if (field <= 7) text = undefined
    }
  }
  return text
}
