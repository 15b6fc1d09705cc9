import { clientAt } from '../commands/admin-client.ts'
import type { Completeness } from './completeness.ts'

export type CompletenessQuery = {
  /** All of them unless told. */
  readonly tenant?: string
  readonly service?: string
  /** The times of the records asked about, both inclusive. */
  readonly from: Date
  readonly to: Date
  /** The admin token, if the pipeline has one. */
  readonly token?: string
}

/**
 * Asks a running pipeline whether the records of a window are complete. Rejects when there is no answer
 * within 15 s, or none that can be read: then nothing is known, and nothing must be taken for complete.
 *
 * @param adminUrl the admin API, such as `http://127.0.0.1:8686`
 * @throws {Error} saying what was asked, and what came back.
 */
export const completenessOf = async (
  adminUrl: string,
  query: CompletenessQuery,
): Promise<Completeness> => {
  const { tenant, service, from, to, token } = query
  const search = new URLSearchParams({ from: from.toISOString(), to: to.toISOString() })
  if (tenant !== undefined) search.set('tenant', tenant)
  if (service !== undefined) search.set('service', service)
  const client = clientAt({
    base: adminUrl,
    option: 'adminUrl',
    ...(token === undefined ? {} : { token }),
  })
  return client.get<Completeness>(`/api/v1/completeness?${search}`)
}
