/**
 * Cuts payloads between records. What stands around a record is repeated in each piece:
 *
 *     ResourceLogs { Resource resource = 1; repeated ScopeLogs scope_logs = 2;
 *                    string schema_url = 3 }
 *     ScopeLogs    { InstrumentationScope scope = 1; repeated LogRecord log_records = 2;
 *                    string schema_url = 3 }
 *
 * At both levels the field to go into has number 2, and all other fields stand around it. The bytes
 * of a record, its tag and length included, are copied as they are.
 */
import {
  type Around,
  growthBytes,
  openPiece,
  type Piece,
  type Place,
  putRecord,
  type Range,
  renderPiece,
  surroundingBytes,
} from './piece.ts'
import { cursorOver, readEnd, readTag, skipValue } from './wire.ts'

const innerField = 2

type Limits = { readonly recordsMax: number; readonly bytesMax: number }

/**
 * The payload that holds exactly the records `firstIndex` to `lastIndex` of a payload, from 0, both
 * included.
 * @throws {RangeError} when it has no such records
 * @throws {MalformedError} when it was not walked before it was kept
 */
export const cut = (
  payload: Uint8Array,
  range: { readonly firstIndex: number; readonly lastIndex: number },
): Buffer => {
  const { firstIndex, lastIndex } = range
  const piece = openPiece()
  let index = 0
  visitRecords([payload], (place, record) => {
    if (index >= firstIndex && index <= lastIndex) putRecord(piece, place, record)
    index += 1
  })
  if (firstIndex < 0 || firstIndex > lastIndex || lastIndex >= index)
    throw new RangeError(`records ${firstIndex} to ${lastIndex} of a payload that has ${index}`)
  return renderPiece(piece)
}

/**
 * Divides a payload into pieces of at most so many records and bytes, in order. A record that is
 * larger than that alone is a piece of its own. Where the resource and scope around a record take
 * more than half of `bytesMax`, a piece may be twice as large as they are: else they would be
 * repeated around every single record.
 * @throws {MalformedError} when the payload was not walked before
 */
export const divide = (payload: readonly Uint8Array[], limits: Limits): readonly Buffer[] => {
  const pieces: Buffer[] = []
  let piece = openPiece()
  visitRecords(payload, (place, record) => {
    if (piece.records > 0 && !fits(piece, place, { limits, record })) {
      pieces.push(renderPiece(piece))
      piece = openPiece()
    }
    putRecord(piece, place, record)
  })
  if (piece.records > 0) pieces.push(renderPiece(piece))
  return pieces
}

const fits = (
  piece: Piece,
  place: Place,
  { limits, record }: { readonly limits: Limits; readonly record: Range },
): boolean => {
  const bytesMax = Math.max(limits.bytesMax, 2 * surroundingBytes(place))
  return (
    piece.records < limits.recordsMax &&
    piece.bytesMost + growthBytes(piece, place, record.end - record.start) <= bytesMax
  )
}

/** Calls back with each record field, in order, with what stands around it. */
const visitRecords = (
  payload: readonly Uint8Array[],
  visit: (place: Place, record: Range) => void,
): void => {
  for (const slice of payload) {
    const cursor = cursorOver(slice)
    while (cursor.at < slice.length) {
      const tag = readTag(cursor, slice.length)
      if (tag >>> 3 !== 1) {
        skipValue(cursor, tag & 7, slice.length)
        continue
      }
      const end = readEnd(cursor, slice.length)
      const resource = dissect(cursor.bytes, { start: cursor.at, end })
      for (const scopeLogs of resource.inner) {
        const scope = dissect(cursor.bytes, { start: scopeLogs.content, end: scopeLogs.end })
        const place = { resource, scope }
        for (const record of scope.inner) visit(place, record)
      }
      cursor.at = end
    }
  }
}

type Inner = Range & { readonly content: number }

/** Parts the fields of a message into those to go into and those around them. */
const dissect = (
  bytes: Buffer,
  { start, end }: Range,
): Around & { readonly inner: readonly Inner[] } => {
  const cursor = { bytes, at: start }
  const inner: Inner[] = []
  const ranges: number[] = []
  let aroundBytes = 0
  while (cursor.at < end) {
    const fieldStart = cursor.at
    const tag = readTag(cursor, end)
    if (tag >>> 3 === innerField) {
      const fieldEnd = readEnd(cursor, end)
      inner.push({ start: fieldStart, content: cursor.at, end: fieldEnd })
      cursor.at = fieldEnd
      continue
    }
    skipValue(cursor, tag & 7, end)
    aroundBytes += cursor.at - fieldStart
    if (ranges.at(-1) === fieldStart) ranges[ranges.length - 1] = cursor.at
    else ranges.push(fieldStart, cursor.at)
  }
  return { bytes, ranges, aroundBytes, inner }
}
