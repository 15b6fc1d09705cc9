/** Reads members of OTLP JSON, and keeps the path to the member at hand for the fault's message. */
import type { Malformed } from './malformed.ts'

export type JsonObject = Readonly<Record<string, unknown>>
/** Where in the document reading is; it is pushed on the way down and popped on the way up. */
export type Path = (string | number)[]

/** The JSON is no ExportLogsServiceRequest. Thrown inside, a value outside. */
export class JsonFaultError extends Error {
  override readonly name = 'JsonFaultError'
  readonly path: string

  constructor(what: string, path: Path) {
    super(what)
    this.path = path.reduce<string>(
      (text, step) => (typeof step === 'number' ? `${text}[${step}]` : `${text}.${step}`),
      '$',
    )
  }
}

export const malformedJson = (what: string, path: string): Malformed => ({
  kind: 'malformed',
  message: `${what}, at ${path}`,
  offset: null,
  path,
})

/**
 * Parses JSON text without rounding: int64 fields may be numbers above 2^53, which come back as
 * bigints. The slower way is taken only where there seems
 * to be such a number outside of quotes.
 * @throws {SyntaxError}
 */
export const parseJson = (text: string): unknown =>
  /[:,[]\s*-?\d{16}/.test(text) ? JSON.parse(text, reviveExactly as Reviver) : JSON.parse(text)

/**
 * Of a 64-bit integer, with its sign. A longer number fits no field; making it exact takes time.
 */
const digitsMax = 20

type Reviver = (this: unknown, key: string, value: unknown) => unknown

const reviveExactly = (_key: string, value: unknown, context?: { readonly source?: string }) =>
  typeof value === 'number' &&
  !Number.isSafeInteger(value) &&
  context?.source !== undefined &&
  context.source.length <= digitsMax &&
  /^-?\d+$/.test(context.source)
    ? BigInt(context.source)
    : value

const snakeNames = new Map<string, string>()
const snake = (name: string): string => {
  const known = snakeNames.get(name)
  if (known !== undefined) return known
  const made = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
  snakeNames.set(name, made)
  return made
}

/** A member by its lowerCamelCase name, or by its name in the .proto; null counts as absent. */
export const memberOf = (object: JsonObject, name: string): unknown =>
  object[name] ?? object[snake(name)] ?? undefined

export const objectOf = (value: unknown, path: Path): JsonObject => {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new JsonFaultError(`an object was expected, not ${kindOf(value)}`, path)
  return value as JsonObject
}

/** Calls back with each object of an array, the path being at it. */
export const eachOf = (
  object: JsonObject,
  name: string,
  { path, visit }: { readonly path: Path; readonly visit: (item: JsonObject) => void },
): void => {
  const value = memberOf(object, name)
  if (value === undefined) return
  path.push(name)
  if (!Array.isArray(value))
    throw new JsonFaultError(`an array was expected, not ${kindOf(value)}`, path)
  for (const [index, item] of value.entries()) {
    path.push(index)
    visit(objectOf(item, path))
    path.pop()
  }
  path.pop()
}

/** Reads a member, if it is there, by a reader that throws `JsonFaultError` by way of `fault`. */
export const readMember = <Value>(
  object: JsonObject,
  name: string,
  { path, read }: { readonly path: Path; readonly read: Reader<Value> },
): Value | undefined => {
  const value = memberOf(object, name)
  if (value === undefined) return undefined
  path.push(name)
  const result = read(value, path)
  path.pop()
  return result
}
export type Reader<Value> = (value: unknown, path: Path) => Value

export const textOf: Reader<string> = (value, path) => {
  if (typeof value !== 'string')
    throw new JsonFaultError(`a string was expected, not ${kindOf(value)}`, path)
  return value
}

export const booleanOf: Reader<boolean> = (value, path) => {
  if (typeof value !== 'boolean')
    throw new JsonFaultError(`true or false was expected, not ${kindOf(value)}`, path)
  return value
}

/** A double; JSON has no NaN and infinities, so they are strings. */
export const doubleOf: Reader<number> = (value, path) => {
  if (typeof value === 'number') return value
  if (typeof value === 'bigint') return Number(value)
  if (value === 'NaN' || value === 'Infinity' || value === '-Infinity') return Number(value)
  if (typeof value === 'string' && value.trim() !== '' && !Number.isNaN(Number(value)))
    return Number(value)
  throw new JsonFaultError(`a number was expected, not ${kindOf(value)}`, path)
}

/** An integer, as a number or a string of digits, within its type's range. */
export const integerOf =
  (type: 'int64' | 'uint64' | 'uint32' | 'int32'): Reader<bigint> =>
  (value, path) => {
    const whole = wholeOf(value)
    const bits = type.endsWith('64') ? 64 : 32
    const fits =
      whole !== undefined &&
      whole === (type.startsWith('u') ? BigInt.asUintN(bits, whole) : BigInt.asIntN(bits, whole))
    if (!fits) throw new JsonFaultError(`an ${type} was expected, not ${kindOf(value)}`, path)
    return whole
  }

const wholeOf = (value: unknown): bigint | undefined => {
  if (typeof value === 'bigint') return value
  if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value)
  if (typeof value === 'string' && value.length <= digitsMax && /^-?\d+$/.test(value))
    return BigInt(value)
  return undefined
}

/** An id in hexadecimal, of either case: so many bytes, or none. */
export const idOf =
  (idBytes: number): Reader<Buffer> =>
  (value, path) => {
    const text = textOf(value, path)
    if (!/^[\da-f]*$/i.test(text) || (text.length !== 0 && text.length !== idBytes * 2))
      throw new JsonFaultError(`${idBytes * 2} hexadecimal digits were expected`, path)
    return Buffer.from(text, 'hex')
  }

/** Base64, of the standard or the URL alphabet, padded or not. */
export const base64Of: Reader<Buffer> = (value, path) => {
  const text = textOf(value, path)
  if (!/^[\w+/-]*={0,2}$/.test(text) || text.replace(/=+$/, '').length % 4 === 1)
    throw new JsonFaultError('base64 was expected', path)
  return Buffer.from(text, 'base64')
}

export const kindOf = (value: unknown): string => {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'object') return 'an object'
  const text = String(value)
  return text.length > 40 ? `${text.slice(0, 40)}…` : JSON.stringify(text)
}
