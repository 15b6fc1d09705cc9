import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

export type ReceivedRecord = { readonly time: string | null; readonly severity: string | null }

/** What the small receiver has of a stream: it stands for the store that a rule or a meter would ask. */
export const receivedRecords = async (of: {
  readonly directory: string
  readonly tenant: string
  readonly service: string
  readonly from: Date
  readonly to: Date
}): Promise<readonly ReceivedRecord[]> => {
  const text = await readFile(join(of.directory, of.tenant, `${of.service}.ndjson`), 'utf8')
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as ReceivedRecord)
    .filter(({ time }) => {
      const ms = time === null ? Number.NaN : Date.parse(time)
      return ms >= of.from.getTime() && ms <= of.to.getTime()
    })
}
