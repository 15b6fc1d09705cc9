import type { Piece } from '../../actors/delivery/protocol.ts'
import { batchId } from '../../schemas/brand.ts'
import type { Assignment } from '../../schemas/messages.ts'
import type { TraceHeaders } from '../telemetry/telemetry.ts'
import { drawTraceparent } from '../telemetry/trace-ids.ts'

/**
 * Receivers bound a header line, 8 KiB in nginx and Apache, and all headers together, 16 KiB in Node;
 * and the batch ids are sent in two of them. A request with more ids than this is split instead.
 */
export const idsBytesMax = 7_000

/** The ids of what a piece carries, as a header has them: `id, id, …`. */
export const idsOf = ({ held, cut }: Piece): string =>
  held.map(({ batch }) => (cut === null ? batch.id : batchId({ ...batch, ...cut }))).join(', ')

export const requestHeaders = (options: {
  readonly assignment: Assignment
  readonly tenant: string
  readonly tenancyHeader: string
  readonly ids: string
  readonly version: string
  readonly encoding: 'identity' | 'gzip'
  readonly trace: TraceHeaders | undefined
}): Record<string, string> => ({
  'content-type': 'application/x-protobuf',
  ...(options.encoding === 'gzip' ? { 'content-encoding': 'gzip' } : {}),
  // Answers are small, and are read as they come.
  'accept-encoding': 'identity',
  'user-agent': `holdfast/${options.version}`,
  [options.tenancyHeader]: tenantValue(options.tenant),
  'holdfast-batch': options.ids,
  'idempotency-key': options.ids,
  'holdfast-epoch': String(options.assignment.epoch),
  // Without telemetry: one trace an attempt, sampled.
  ...(options.trace ?? { traceparent: drawTraceparent('sampled') }),
})

/** A tenant is sent as it is where a header can carry it, and percent-encoded where not. */
const tenantValue = (tenant: string): string =>
  /^[!-~]([ -~]*[!-~])?$/.test(tenant) ? tenant : encodeURIComponent(tenant.toWellFormed())
