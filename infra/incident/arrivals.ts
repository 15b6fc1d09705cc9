import { displayRecords } from '../receiver/display-record.ts'
import { numberIn } from './load.ts'

/** What has arrived from each agent, at whichever endpoint. Records are told apart by their numbers. */
export type Arrivals = {
  /** Takes a body in. @throws {MalformedError} for what is no OTLP. */
  readonly take: (agent: string, body: Uint8Array) => void
  readonly of: (agent: string) => Arrived
}
export type Arrived = {
  /** Numbers of the records, each once. */
  readonly numbers: ReadonlySet<number>
  /** Records that had arrived before. */
  readonly duplicates: number
  /** Of records that were new, in order. */
  readonly events: readonly Counted[]
}
/** So many records, at this moment. */
export type Counted = { readonly atMs: number; readonly records: number }

export const openArrivals = (now: () => number): Arrivals => {
  const agents = new Map<
    string,
    { numbers: Set<number>; duplicates: number; events: { atMs: number; records: number }[] }
  >()
  const of = (agent: string) => {
    const known = agents.get(agent) ?? { numbers: new Set(), duplicates: 0, events: [] }
    agents.set(agent, known)
    return known
  }
  return {
    take: (agent, body) => {
      const arrived = of(agent)
      const before = arrived.numbers.size
      const numbers = displayRecords(body).map(({ record }) => numberIn(record.body))
      for (const number of numbers) if (number !== undefined) arrived.numbers.add(number)
      const records = arrived.numbers.size - before
      arrived.duplicates += numbers.length - records
      if (records > 0) arrived.events.push({ atMs: now(), records })
    },
    of,
  }
}
