import { split } from '../../../../infra/otlp/split.ts'
import type { Request } from '../../../../infra/sources/intake.ts'
import { encodeRequest, type ResourceLogs } from '../otlp/oracle.ts'

/** ResourceLogs of a service with so many records, whose bodies are `<service> <index> …`. */
export const logsOf = (
  service: string,
  { records, recordBytes = 20, atMs }: { records: number; recordBytes?: number; atMs?: number },
): ResourceLogs => ({
  resource: { attributes: [{ key: 'service.name', value: { stringValue: service } }] },
  scopeLogs: [
    {
      logRecords: Array.from({ length: records }, (_, index) => ({
        body: { stringValue: `${service} ${index} `.padEnd(recordBytes, 'x') },
        ...(atMs === undefined ? {} : { timeUnixNano: String(BigInt(atMs + index) * 1_000_000n) }),
      })),
    },
  ],
})

/** A request as a source would offer it. */
export const requestOf = (...resourceLogs: readonly ResourceLogs[]): Request => {
  const body = encodeRequest({ resourceLogs: [...resourceLogs] })
  const parted = split(body, {
    named: undefined,
    resourceAttribute: 'tenant.id',
    defaultTenant: 't',
  })
  if (parted.kind === 'malformed') throw new Error(parted.message)
  return parted
}
