/**
 * Values and attributes of OTLP JSON:
 *
 *     KeyValue { string key = 1; AnyValue value = 2 }
 *     AnyValue { oneof { string string_value = 1; bool bool_value = 2; int64 int_value = 3;
 *                double double_value = 4; ArrayValue array_value = 5;
 *                KeyValueList kvlist_value = 6; bytes bytes_value = 7 } }
 *     ArrayValue { repeated AnyValue values = 1 }     KeyValueList { repeated KeyValue values = 1 }
 */
import {
  base64Of,
  booleanOf,
  doubleOf,
  eachOf,
  integerOf,
  JsonFaultError,
  type JsonObject,
  memberOf,
  objectOf,
  type Path,
  readMember,
  textOf,
} from './json-reading.ts'
import {
  type Writer,
  writeBytes,
  writeDouble,
  writeMessage,
  writeText,
  writeVarint,
} from './writer.ts'

/** Where reading and writing are. */
export type At = { readonly writer: Writer; readonly path: Path }

/** Values in values: less than protobuf's recursion limit allows, three messages a kvlist. */
const valueDepthMax = 30

export const writeAttributes = (at: At, object: JsonObject, field: number): void =>
  writeKeyValues(at, object, { name: 'attributes', field, depth: 1 })

const writeKeyValues = (
  at: At,
  object: JsonObject,
  { name, field, depth }: { readonly name: string; readonly field: number; readonly depth: number },
): void => {
  const { writer, path } = at
  eachOf(object, name, {
    path,
    visit: (attribute) =>
      writeMessage(writer, field, () => {
        const key = readMember(attribute, 'key', { path, read: textOf })
        if (key !== undefined && key !== '') writeText(writer, 1, key)
        const value = memberOf(attribute, 'value')
        if (value === undefined) return
        path.push('value')
        writeMessage(writer, 2, () => writeValue(at, value, depth))
        path.pop()
      }),
  })
}

type WriteKind = (at: At, value: unknown, depth: number) => void
const kinds: Readonly<Record<string, WriteKind>> = {
  stringValue: ({ writer, path }, value) => writeText(writer, 1, textOf(value, path)),
  boolValue: ({ writer, path }, value) => writeVarint(writer, 2, booleanOf(value, path) ? 1 : 0),
  intValue: ({ writer, path }, value) => writeVarint(writer, 3, integerOf('int64')(value, path)),
  doubleValue: ({ writer, path }, value) => writeDouble(writer, 4, doubleOf(value, path)),
  arrayValue: (at, value, depth) => {
    const array = objectOf(value, at.path)
    writeMessage(at.writer, 5, () =>
      eachOf(array, 'values', {
        path: at.path,
        visit: (item) => writeMessage(at.writer, 1, () => writeValue(at, item, depth + 1)),
      }),
    )
  },
  kvlistValue: (at, value, depth) => {
    const list = objectOf(value, at.path)
    writeMessage(at.writer, 6, () =>
      writeKeyValues(at, list, { name: 'values', field: 1, depth: depth + 1 }),
    )
  },
  bytesValue: ({ writer, path }, value) => writeBytes(writer, 7, base64Of(value, path)),
}
const kindNames = Object.keys(kinds)

/** Writes the content of an AnyValue. */
export const writeValue = (at: At, value: unknown, depth: number): void => {
  const { path } = at
  const object = objectOf(value, path)
  if (depth > valueDepthMax)
    throw new JsonFaultError(`values nested deeper than ${valueDepthMax}`, path)
  const present = kindNames.filter((name) => memberOf(object, name) !== undefined)
  const [name] = present
  if (name === undefined) return
  if (present.length > 1)
    throw new JsonFaultError(`one kind of value was expected, not ${present.join(' and ')}`, path)
  path.push(name)
  kinds[name]?.(at, memberOf(object, name), depth)
  path.pop()
}
