/**
 * The messages of an ExportLogsServiceRequest, from opentelemetry-proto 1.x:
 *
 *     ExportLogsServiceRequest { repeated ResourceLogs resource_logs = 1 }
 *     ResourceLogs  { Resource resource = 1; repeated ScopeLogs scope_logs = 2;
 *                     string schema_url = 3 }
 *     Resource      { repeated KeyValue attributes = 1; uint32 dropped_attributes_count = 2;
 *                     repeated EntityRef entity_refs = 3 }
 *     ScopeLogs     { InstrumentationScope scope = 1; repeated LogRecord log_records = 2;
 *                     string schema_url = 3 }
 *     InstrumentationScope { string name = 1; string version = 2; repeated KeyValue attributes = 3;
 *                     uint32 dropped_attributes_count = 4 }
 *     LogRecord     { fixed64 time_unix_nano = 1; SeverityNumber severity_number = 2;
 *                     string severity_text = 3; AnyValue body = 5;
 *                     repeated KeyValue attributes = 6; uint32 dropped_attributes_count = 7;
 *                     fixed32 flags = 8; bytes trace_id = 9; bytes span_id = 10;
 *                     fixed64 observed_time_unix_nano = 11; string event_name = 12 }
 *     KeyValue      { string key = 1; AnyValue value = 2 }
 *     AnyValue      { oneof { string string_value = 1; bool bool_value = 2; int64 int_value = 3;
 *                     double double_value = 4; ArrayValue array_value = 5;
 *                     KeyValueList kvlist_value = 6; bytes bytes_value = 7 } }
 *     ArrayValue    { repeated AnyValue values = 1 }
 *     KeyValueList  { repeated KeyValue values = 1 }
 *
 * @see https://github.com/open-telemetry/opentelemetry-proto
 */
import { type Cursor, MalformedError, readEnd, readTag, skipValue, wireTypes } from './wire.ts'

/** Messages nest at most so deep: the recursion limit that protobuf parsers have by default. */
export const messageDepthMax = 100

/** Fields by number. A field that is not named is unknown and is skipped. */
export type Message = {
  readonly names: readonly (string | undefined)[]
  /** Wire types; `unknown` for a field that is not named. */
  readonly wires: Uint8Array
  readonly repeated: ReadonlySet<number>
  readonly children: readonly (Message | null)[]
}

/** The highest number of a known field, in any of these messages. */
const fieldMax = 12
const unknown = 255

const { varint, fixed64, length, fixed32 } = wireTypes
type Field = readonly [name: string, wire: number, child?: Message, label?: 'repeated']
const repeated = (name: string, child: Message): Field => [name, length, child, 'repeated']

// Every table has the same length and shape: the walk's speed depends on it.
const declare = () => ({
  names: new Array<string | undefined>(fieldMax + 1).fill(undefined),
  wires: new Uint8Array(fieldMax + 1).fill(unknown),
  repeated: new Set<number>(),
  children: new Array<Message | null>(fieldMax + 1).fill(null),
})

const define = (fields: Readonly<Record<number, Field>>, message = declare()): Message => {
  for (const [number, [name, wire, child, label]] of Object.entries(fields)) {
    const field = Number(number)
    message.names[field] = name
    message.wires[field] = wire
    message.children[field] = child ?? null
    if (label === 'repeated') message.repeated.add(field)
  }
  return message
}

const anyValueDeclared = declare()
export const keyValue = define({ 1: ['key', length], 2: ['value', length, anyValueDeclared] })
const arrayValue = define({ 1: repeated('values', anyValueDeclared) })
const keyValueList = define({ 1: repeated('values', keyValue) })
export const anyValue = define(
  {
    1: ['string_value', length],
    2: ['bool_value', varint],
    3: ['int_value', varint],
    4: ['double_value', fixed64],
    5: ['array_value', length, arrayValue],
    6: ['kvlist_value', length, keyValueList],
    7: ['bytes_value', length],
  },
  anyValueDeclared,
)
export const logRecord = define({
  1: ['time_unix_nano', fixed64],
  2: ['severity_number', varint],
  3: ['severity_text', length],
  5: ['body', length, anyValue],
  6: repeated('attributes', keyValue),
  7: ['dropped_attributes_count', varint],
  8: ['flags', fixed32],
  9: ['trace_id', length],
  10: ['span_id', length],
  11: ['observed_time_unix_nano', fixed64],
  12: ['event_name', length],
})
export const scope = define({
  1: ['name', length],
  2: ['version', length],
  3: repeated('attributes', keyValue),
  4: ['dropped_attributes_count', varint],
})
export const resource = define({
  1: repeated('attributes', keyValue),
  2: ['dropped_attributes_count', varint],
  3: ['entity_refs', length],
})
export const scopeLogs = define({
  1: ['scope', length, scope],
  2: repeated('log_records', logRecord),
  3: ['schema_url', length],
})
export const resourceLogs = define({
  1: ['resource', length, resource],
  2: repeated('scope_logs', scopeLogs),
  3: ['schema_url', length],
})
export const request = define({ 1: repeated('resource_logs', resourceLogs) })

/**
 * Reads the next tag of a message and refuses a known field of another wire type.
 * @throws {MalformedError}
 */
export const nextTag = (cursor: Cursor, end: number, message: Message): number => {
  const start = cursor.at
  const tag = readTag(cursor, end)
  const wire = message.wires[tag >>> 3] ?? unknown
  if (wire !== unknown && wire !== (tag & 7))
    throw new MalformedError(`wire type ${tag & 7} where the field has ${wire}`, start)
  return tag
}

/** What a field holds, where it holds a message. */
export const childOf = (message: Message, tag: number): Message | null => {
  const field = tag >>> 3
  return field <= fieldMax ? (message.children[field] as Message | null) : null
}

/**
 * Walks a message to its leaves, so that nothing malformed is joined with what others sent: a
 * receiver would refuse them together.
 * @throws {MalformedError}
 */
export const checkMessage = (
  cursor: Cursor,
  end: number,
  message: Message,
  depth: number,
): void => {
  if (depth > messageDepthMax)
    throw new MalformedError(`messages nested deeper than ${messageDepthMax}`, cursor.at)
  while (cursor.at < end) {
    if (checkShortField(cursor, end, message, depth)) continue
    const tag = nextTag(cursor, end, message)
    const child = childOf(message, tag)
    if (child === null) skipValue(cursor, tag & 7, end)
    else checkMessage(cursor, readEnd(cursor, end), child, depth + 1)
  }
}

/**
 * Walks over a known length-delimited field whose tag and length take a byte each, as nearly all
 * do, and says whether there was one; if not, the cursor has not moved.
 * @throws {MalformedError} from inside the field
 */
export const checkShortField = (
  cursor: Cursor,
  end: number,
  message: Message,
  depth: number,
): boolean => {
  const { bytes, at } = cursor
  const head = bytes[at] as number
  const size = bytes[at + 1] as number
  const start = at + 2
  const fieldEnd = start + size
  // Past the last byte `size` is undefined, and no comparison with it holds.
  if (!(size < 0x80 && fieldEnd <= end) || (head & 7) !== length) return false
  if (message.wires[head >>> 3] !== length) return false
  const child = message.children[head >>> 3] as Message | null
  if (child === null || (child === anyValue && isShortString(bytes, start, fieldEnd))) {
    cursor.at = fieldEnd
    return true
  }
  cursor.at = start
  checkMessage(cursor, fieldEnd, child, depth + 1)
  return true
}

/** An AnyValue that is one short string, as most are: seen without going into it. */
const isShortString = (bytes: Buffer, start: number, end: number): boolean => {
  const size = bytes[start + 1] as number
  return bytes[start] === 0x0a && size < 0x80 && start + 2 + size === end
}
