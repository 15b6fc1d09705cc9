/**
 * What spans, their attributes and events are called: OpenTelemetry's names where it has one, and
 * `holdfast.` before ours. docs/telemetry.md lists them, and a test holds the two together.
 */
export const scope = 'holdfast'

export const spanNames = { batch: 'holdfast.batch' } as const

export const attributes = {
  batchId: 'holdfast.batch.id',
  batchOutcome: 'holdfast.batch.outcome',
  batchDelivered: 'holdfast.batch.delivered',
  batchDropped: 'holdfast.batch.dropped',
  batchResumed: 'holdfast.batch.resumed',
  producer: 'holdfast.producer',
  tenant: 'holdfast.tenant',
  service: 'holdfast.service',
  firstSeq: 'holdfast.seq.first',
  lastSeq: 'holdfast.seq.last',
  records: 'holdfast.records',
  sendId: 'holdfast.send.id',
  attempt: 'holdfast.attempt.number',
  attemptOutcome: 'holdfast.attempt.outcome',
  attemptDetail: 'holdfast.attempt.detail',
  attemptSuperseded: 'holdfast.attempt.superseded',
  batches: 'holdfast.attempt.batches',
  epoch: 'holdfast.endpoint.epoch',
  endpointUrl: 'holdfast.endpoint.url',
  endpointBy: 'holdfast.endpoint.by',
  endpointReason: 'holdfast.endpoint.reason',
  endpointFrom: 'holdfast.endpoint.from',
  location: 'holdfast.redirect.location',
  dropId: 'holdfast.drop.id',
  dropReason: 'holdfast.drop.reason',
  dropDetail: 'holdfast.drop.detail',
  dropBytes: 'holdfast.drop.bytes',
  dropFrom: 'holdfast.drop.from',
  dropTo: 'holdfast.drop.to',
} as const

/** Of spans, and of log records that are events. */
export const events = {
  attempt: 'holdfast.attempt',
  assigned: 'holdfast.endpoint.assigned',
  confirmed: 'holdfast.endpoint.confirmed',
  rolledBack: 'holdfast.endpoint.rolled_back',
  redirectRefused: 'holdfast.redirect.refused',
  dropped: 'holdfast.records.dropped',
} as const
