/**
 * Walks over encoded bytes without making values of them, and says whether they are one whole datum.
 * avsc trusts what it reads: it allocates as many items as an array claims to have, takes any byte for
 * a boolean and mends broken text. Bytes from a disk or a network are walked over first.
 */
import { isUtf8 } from 'node:buffer'
import avro, { type Type } from 'avsc'

export type Misfit = {
  readonly why: 'truncated' | 'trailing_bytes' | 'malformed'
  readonly detail: string
}
/** Answers what is wrong, or `undefined` when the bytes from `offset` on are one datum. */
export type Fits = (bytes: Buffer, offset: number) => Misfit | undefined

type Cursor = { readonly bytes: Buffer; at: number; long: number }
type Walk = (cursor: Cursor) => Misfit | undefined

const varintBytesMax = 10
/**
 * A long is zigzag: `2n`, or `-2n - 1` below zero, so that odd ones are exact below 2^53 only. Hence
 * the range is -2^52 to 2^53 - 2, which is avsc's own upper bound.
 */
const evenMax = 2 ** 54 - 4
const oddMax = 2 ** 53 - 1
const intMagnitudeMax = 2 ** 31

const malformed = (detail: string): Misfit => ({ why: 'malformed', detail })
const truncated: Misfit = { why: 'truncated', detail: 'the bytes end inside a value' }
const tooLong = malformed('a number is longer than a long')
const imprecise = malformed('a long is beyond what a number holds exactly')
const tooBig = malformed('an int is beyond 32 bits')
const noBoolean = malformed('a boolean is neither 0 nor 1')
const negative = malformed('a length is negative')
const noText = malformed('a string is no UTF-8')
const noSymbol = malformed('an enum names a symbol that its writer does not have')
const noBranch = malformed('a union names a branch that its writer does not have')

/** Compiles the walk for a type. Do it once a type. */
export const fitsOf = (type: Type): Fits => {
  const walk = walkOf(type)
  return (bytes, offset) => {
    const cursor = { bytes, at: offset, long: 0 }
    const misfit = walk(cursor)
    if (misfit !== undefined) return misfit
    const rest = bytes.length - cursor.at
    return rest === 0
      ? undefined
      : { why: 'trailing_bytes', detail: `${rest} bytes follow the end of the value` }
  }
}

const walkOf = (type: Type): Walk => {
  if (type instanceof avro.types.NullType) return () => undefined
  if (type instanceof avro.types.BooleanType) return walkBoolean
  if (type instanceof avro.types.IntType) return walkInt
  if (type instanceof avro.types.LongType) return walkLong
  if (type instanceof avro.types.DoubleType) return (cursor) => skip(cursor, 8)
  if (type instanceof avro.types.BytesType) return walkBytes
  if (type instanceof avro.types.StringType) return walkString
  if (type instanceof avro.types.EnumType) return walkIndex(type.symbols.length, noSymbol)
  if (type instanceof avro.types.ArrayType) return walkArray(walkOf(type.itemsType))
  if (type instanceof avro.types.UnwrappedUnionType) return walkUnion(type.types.map(walkOf))
  if (type instanceof avro.types.RecordType)
    return walkRecord(type.fields.map((it) => walkOf(it.type)))
  throw new TypeError(
    `No message may hold the Avro type "${type.typeName}": extent.ts cannot walk it.`,
  )
}

const walkLong: Walk = (cursor) => {
  const isOdd = ((cursor.bytes[cursor.at] ?? 0) & 1) === 1
  let zigzag = 0
  let scale = 1
  for (let count = 0; count < varintBytesMax; count += 1) {
    const byte = cursor.bytes[cursor.at]
    if (byte === undefined) return truncated
    cursor.at += 1
    zigzag += (byte & 0x7f) * scale
    if (byte < 0x80) {
      cursor.long = isOdd ? -(zigzag + 1) / 2 : zigzag / 2
      return zigzag > (isOdd ? oddMax : evenMax) ? imprecise : undefined
    }
    scale *= 128
  }
  return tooLong
}

const walkInt: Walk = (cursor) =>
  walkLong(cursor) ??
  (cursor.long < -intMagnitudeMax || cursor.long >= intMagnitudeMax ? tooBig : undefined)

const walkBoolean: Walk = (cursor) => {
  const byte = cursor.bytes[cursor.at]
  if (byte === undefined) return truncated
  cursor.at += 1
  return byte > 1 ? noBoolean : undefined
}

const skip = (cursor: Cursor, bytes: number): Misfit | undefined => {
  if (bytes < 0) return negative
  if (bytes > cursor.bytes.length - cursor.at) return truncated
  cursor.at += bytes
  return undefined
}

const walkBytes: Walk = (cursor) => walkLong(cursor) ?? skip(cursor, cursor.long)

const walkString: Walk = (cursor) => {
  const misfit = walkBytes(cursor)
  if (misfit !== undefined) return misfit
  return isUtf8(cursor.bytes.subarray(cursor.at - cursor.long, cursor.at)) ? undefined : noText
}

const walkIndex =
  (count: number, misfit: Misfit): Walk =>
  (cursor) =>
    walkLong(cursor) ?? (cursor.long < 0 || cursor.long >= count ? misfit : undefined)

const walkUnion = (branches: readonly Walk[]): Walk => {
  const walkBranch = walkIndex(branches.length, noBranch)
  return (cursor) => walkBranch(cursor) ?? branches[cursor.long]?.(cursor)
}

const walkRecord =
  (fields: readonly Walk[]): Walk =>
  (cursor) => {
    for (const walk of fields) {
      const misfit = walk(cursor)
      if (misfit !== undefined) return misfit
    }
    return undefined
  }

/** No item is empty, so an array that claims more items than bytes are left is cut short. */
const walkArray =
  (walkItem: Walk): Walk =>
  (cursor) => {
    for (;;) {
      const misfit = walkLong(cursor)
      if (misfit !== undefined) return misfit
      let count = cursor.long
      if (count === 0) return undefined
      if (count < 0) {
        // A negative count is followed by the bytes of the block.
        count = -count
        const wrong = walkLong(cursor)
        if (wrong !== undefined) return wrong
      }
      if (count > cursor.bytes.length - cursor.at) return truncated
      for (let index = 0; index < count; index += 1) {
        const wrong = walkItem(cursor)
        if (wrong !== undefined) return wrong
      }
    }
  }
