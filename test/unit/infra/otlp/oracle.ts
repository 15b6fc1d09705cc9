import fc from 'fast-check'
import protobuf from 'protobufjs'

/**
 * A second opinion on OTLP's bytes: protobufjs, with the messages as opentelemetry-proto has them.
 */
const { root } = protobuf.parse(`
  syntax = "proto3";
  message ExportLogsServiceRequest { repeated ResourceLogs resource_logs = 1; }
  message ResourceLogs { Resource resource = 1; repeated ScopeLogs scope_logs = 2; string schema_url = 3; }
  message Resource { repeated KeyValue attributes = 1; uint32 dropped_attributes_count = 2; repeated EntityRef entity_refs = 3; }
  message EntityRef { string schema_url = 1; string type = 2; repeated string id_keys = 3; }
  message ScopeLogs { InstrumentationScope scope = 1; repeated LogRecord log_records = 2; string schema_url = 3; }
  message InstrumentationScope { string name = 1; string version = 2; repeated KeyValue attributes = 3; uint32 dropped_attributes_count = 4; }
  message LogRecord {
    fixed64 time_unix_nano = 1; int32 severity_number = 2; string severity_text = 3; AnyValue body = 5;
    repeated KeyValue attributes = 6; uint32 dropped_attributes_count = 7; fixed32 flags = 8;
    bytes trace_id = 9; bytes span_id = 10; fixed64 observed_time_unix_nano = 11; string event_name = 12;
  }
  message KeyValue { string key = 1; AnyValue value = 2; }
  message AnyValue { oneof value {
    string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4;
    ArrayValue array_value = 5; KeyValueList kvlist_value = 6; bytes bytes_value = 7; } }
  message ArrayValue { repeated AnyValue values = 1; }
  message KeyValueList { repeated KeyValue values = 1; }
  message ExportLogsServiceResponse { ExportLogsPartialSuccess partial_success = 1; }
  message ExportLogsPartialSuccess { int64 rejected_log_records = 1; string error_message = 2; }
  message Status { int32 code = 1; string message = 2; }
`)
type MessageName = 'ExportLogsServiceRequest' | 'ExportLogsServiceResponse' | 'Status' | 'LogRecord'

export const encode = (name: MessageName, message: object): Buffer => {
  const type = root.lookupType(name)
  return Buffer.from(type.encode(type.fromObject(message)).finish())
}
export const decode = (name: MessageName, bytes: Uint8Array): Record<string, unknown> => {
  const type = root.lookupType(name)
  const options = { longs: String, bytes: String }
  return type.toObject(type.decode(bytes), options)
}

export type Value = {
  stringValue?: string
  boolValue?: boolean
  intValue?: string
  doubleValue?: number
  arrayValue?: { values: Value[] }
  kvlistValue?: { values: Attribute[] }
  /** base64 */
  bytesValue?: string
}
export type Attribute = { key: string; value?: Value }
export type LogRecord = {
  timeUnixNano?: string
  severityNumber?: number
  severityText?: string
  body?: Value
  attributes?: Attribute[]
  flags?: number
  /** base64 */
  traceId?: string
  spanId?: string
  observedTimeUnixNano?: string
  eventName?: string
}
export type ScopeLogs = {
  scope?: { name?: string; version?: string; attributes?: Attribute[] }
  logRecords?: LogRecord[]
  schemaUrl?: string
}
export type ResourceLogs = {
  resource?: { attributes?: Attribute[]; droppedAttributesCount?: number }
  scopeLogs?: ScopeLogs[]
  schemaUrl?: string
}
export type ExportRequest = { resourceLogs?: ResourceLogs[] }

export const encodeRequest = (request: ExportRequest): Buffer =>
  encode('ExportLogsServiceRequest', request)
export const decodeRequest = (bytes: Uint8Array): ExportRequest =>
  decode('ExportLogsServiceRequest', bytes)

/**
 * Each record with all that stands around it, in order: what splitting and cutting must preserve.
 */
export const flatten = ({ resourceLogs = [] }: ExportRequest) =>
  resourceLogs.flatMap(({ scopeLogs = [], ...resource }) =>
    scopeLogs.flatMap(({ logRecords = [], ...scope }) =>
      logRecords.map((record) => ({ resource, scope, record })),
    ),
  )

const text = (maxLength: number) => fc.string({ unit: 'binary', maxLength })
const base64 = (length: number) =>
  fc
    .uint8Array({ minLength: length, maxLength: length })
    .map((bytes) => Buffer.from(bytes).toString('base64'))
const { value } = fc.letrec<{ value: Value; attribute: Attribute }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'value' },
    fc.record({ stringValue: text(200) }),
    fc.constant({}),
    fc.record({ boolValue: fc.boolean() }),
    fc.record({
      intValue: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
    }),
    fc.record({ doubleValue: fc.double({ noNaN: true }) }),
    fc.record({
      bytesValue: fc
        .uint8Array({ maxLength: 20 })
        .map((bytes) => Buffer.from(bytes).toString('base64')),
    }),
    fc.record({ arrayValue: fc.record({ values: fc.array(tie('value'), { maxLength: 3 }) }) }),
    fc.record({ kvlistValue: fc.record({ values: fc.array(tie('attribute'), { maxLength: 3 }) }) }),
  ),
  attribute: fc.record({ key: text(10), value: tie('value') }, { requiredKeys: ['key'] }),
}))
const attributes = fc.array(fc.record({ key: text(10), value }), { maxLength: 3 })
const nanos = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String)
const record = fc.record<LogRecord, never>(
  {
    timeUnixNano: nanos,
    severityNumber: fc.integer({ min: 0, max: 24 }),
    severityText: text(10),
    body: value,
    attributes,
    flags: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    traceId: base64(16),
    spanId: base64(8),
    observedTimeUnixNano: nanos,
    eventName: text(10),
  },
  { requiredKeys: [] },
)
const scopeLogs = fc.record<ScopeLogs, never>(
  {
    scope: fc.record({ name: text(10), version: text(3), attributes }, { requiredKeys: [] }),
    logRecords: fc.array(record, { maxLength: 5 }),
    schemaUrl: text(10),
  },
  { requiredKeys: [] },
)
const named = (key: string, names: readonly string[]) =>
  fc.constantFrom(...names).map((name): Attribute => ({ key, value: { stringValue: name } }))
const resourceAttributes = fc
  .tuple(
    attributes,
    fc.option(named('service.name', ['auth', 'pay', 'ship'])),
    fc.option(named('tenant.id', ['acme', 'umbrella'])),
  )
  .map(([some, ...names]) => [...some, ...names.filter((attribute) => attribute !== null)])
const resourceLogs = fc.record<ResourceLogs, never>(
  {
    resource: fc.record({ attributes: resourceAttributes }, { requiredKeys: [] }),
    scopeLogs: fc.array(scopeLogs, { maxLength: 3 }),
    schemaUrl: text(10),
  },
  { requiredKeys: [] },
)
export const exportRequests = fc.record<ExportRequest>({
  resourceLogs: fc.array(resourceLogs, { maxLength: 6 }),
})
