/** Every record of a run: who sent it, what was promised, which number it was given, who has it. */
import type { Coordinates } from '../../schemas/brand.ts'
import type { Batch } from '../../schemas/messages.ts'
import { idOf, patternOf } from '../support/known-records.ts'
import { recordsOf } from '../support/otlp-records.ts'
import type { Story } from './story.ts'

export type Stream = { readonly tenant: string; readonly service: string }
/** Records of one stream in one request: the numbers `firstId` to `lastId` stand in their bodies. */
export type Lot = Stream & {
  readonly firstId: number
  readonly lastId: number
  readonly payload: Buffer
}

/** What is known of one record, by the number in its body. */
export type Known = Stream & {
  readonly id: number
  readonly bytes: Buffer
  /** How often a client has offered it. */
  offers: number
  fate: 'sent' | 'kept'
  /** Where it was put in the record log; the last one counts. */
  readonly stored: Place[]
  /** Under which numbers an endpoint has taken it. */
  readonly taken: Set<string>
}
export type Place = { readonly stream: string; readonly seq: number }

export type Books = {
  readonly make: (stream: Stream, size: { records: number; recordBytes: number }) => Lot
  readonly offered: (lot: Lot) => void
  readonly kept: (lot: Lot) => void
  /** A batch is on its way into the record log. */
  readonly stored: (batch: Batch, payload: Buffer) => void
  /** An endpoint has taken the record of a coordinate. */
  readonly took: (place: Place & Stream, record: Buffer) => void
  readonly records: () => readonly Known[]
  /** Numbers of a stream that were taken. */
  readonly takenOf: (stream: string) => ReadonlyMap<number, number>
}

export const streamKey = ({
  producer,
  tenant,
  service,
}: Omit<Coordinates, 'firstSeq' | 'lastSeq'>) => `${producer}/${tenant}/${service}`

export const openBooks = (story: Story): Books => {
  const records: Known[] = []
  const taken = new Map<string, Map<number, number>>()
  const of = ({ firstId, lastId }: Lot): readonly Known[] => records.slice(firstId, lastId + 1)
  const takenOf = (stream: string): Map<number, number> => {
    const known = taken.get(stream) ?? new Map<number, number>()
    taken.set(stream, known)
    return known
  }
  return {
    make: (stream, size) => {
      const pattern = patternOf({ service: stream.service, ...size })
      const firstId = records.length
      for (let id = firstId; id < firstId + size.records; id += 1) {
        const bytes = pattern.record(id)
        records.push({
          ...stream,
          id,
          bytes,
          offers: 0,
          fate: 'sent',
          stored: [],
          taken: new Set(),
        })
      }
      const lastId = records.length - 1
      return { ...stream, firstId, lastId, payload: pattern.request(firstId) }
    },
    offered: (lot) => {
      for (const record of of(lot)) record.offers += 1
    },
    kept: (lot) => {
      for (const record of of(lot)) record.fate = 'kept'
    },
    stored: (batch, payload) => {
      for (const [index, bytes] of recordsOf(payload).entries()) {
        records[idOf(bytes)]?.stored.push({ stream: streamKey(batch), seq: batch.firstSeq + index })
      }
    },
    took: ({ stream, seq, tenant, service }, bytes) => {
      const known = records[idOf(bytes)]
      const where = `${stream} ${seq}`
      if (known === undefined || !known.bytes.equals(bytes)) {
        story.wrong(`what was delivered as ${where} was never sent`)
        return
      }
      if (known.tenant !== tenant || known.service !== service)
        story.wrong(`a record of ${known.tenant}/${known.service} was delivered as ${where}`)
      const numbers = takenOf(stream)
      const before = numbers.get(seq)
      if (before !== undefined && before !== known.id)
        story.wrong(`${where} was delivered as record ${before} and as record ${known.id}`)
      numbers.set(seq, known.id)
      known.taken.add(where)
      if (known.taken.size > known.offers)
        story.wrong(`record ${known.id} came as ${[...known.taken]}, offered ${known.offers} times`)
    },
    records: () => records,
    takenOf,
  }
}
