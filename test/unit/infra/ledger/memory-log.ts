import type { Ended, RecordLog, Recovery, StreamExtent } from '../../../../infra/ring/record-log.ts'
import { batchId, instant, seq } from '../../../../schemas/brand.ts'
import type { Held } from '../../../../schemas/messages.ts'

/** A record log without a disk: segments of frames, of which some have ended. */
export type MemoryLog = Pick<RecordLog, 'end' | 'unended' | 'accepted' | 'remove'> & {
  /** Appends to the newest segment; `fromMs` and `toMs` are 0 unless told. */
  readonly append: (batch: {
    readonly producer?: string
    readonly tenant?: string
    readonly service?: string
    readonly records: number
    readonly fromMs?: number
    readonly toMs?: number
  }) => Held
  readonly seal: () => void
  readonly newest: () => number
  readonly segments: () => readonly number[]
  /** All batches that are there, ended or not. */
  readonly held: (segment: number) => readonly Held[]
  readonly unendedRecords: () => number
  /** Reads what is there anew, as after a restart. */
  readonly recover: (ended: Ended) => Recovery
}

const bytesPerRecord = 100

export const openMemoryLog = (): MemoryLog => {
  const segments = new Map<number, Held[]>([[1, []]])
  const ended = new Set<string>()
  const nextSeqs = new Map<string, number>()
  let newest = 1
  const keyOf = ({ segment, offset }: Held['at']): string => `${segment}/${offset}`
  const heldIn = (segment: number): readonly Held[] => segments.get(segment) ?? []
  const isOpen = ({ at }: Held): boolean => !ended.has(keyOf(at))

  const seal = (): void => {
    newest += 1
    segments.set(newest, [])
  }
  return {
    append: (batch) => {
      const { producer = 'edge-1.a', tenant = 'acme', service = 'auth', records } = batch
      const stream = JSON.stringify([producer, tenant, service])
      const firstSeq = seq(nextSeqs.get(stream) ?? 0)
      const lastSeq = seq(firstSeq + records - 1)
      nextSeqs.set(stream, lastSeq + 1)
      const frames = segments.get(newest) ?? []
      segments.set(newest, frames)
      const held: Held = {
        at: { segment: newest, offset: frames.length * 64 },
        batch: {
          id: batchId({ producer, tenant, service, firstSeq, lastSeq }),
          producer,
          tenant,
          service,
          firstSeq,
          lastSeq,
          bytes: records * bytesPerRecord,
          priority: 'normal',
          fromMs: instant(batch.fromMs ?? 0),
          toMs: instant(batch.toMs ?? 0),
          acceptedAtMs: instant(1),
        },
      }
      frames.push(held)
      return held
    },
    seal,
    newest: () => newest,
    segments: () => [...segments.keys()],
    held: heldIn,
    unendedRecords: () =>
      [...segments.values()]
        .flat()
        .filter(isOpen)
        .reduce((sum, { batch }) => sum + batch.lastSeq - batch.firstSeq + 1, 0),
    end: (at) => {
      const isThere = heldIn(at.segment).some((held) => held.at.offset === at.offset)
      if (!isThere || ended.has(keyOf(at))) return false
      ended.add(keyOf(at))
      return true
    },
    unended: async (segment) => {
      if (segment === newest) seal()
      return heldIn(segment).filter(isOpen)
    },
    accepted: (segment) => countsOf(heldIn(segment)),
    remove: async (segment) => {
      segments.delete(segment)
    },
    recover: (known) => {
      for (const segment of known.segments) segments.delete(segment)
      newest = Math.max(newest, ...segments.keys(), ...known.segments) + 1
      ended.clear()
      for (const [segment, offsets] of known.offsets) {
        for (const offset of offsets) ended.add(keyOf({ segment, offset }))
      }
      const live = [...segments].filter(([, frames]) => frames.length > 0)
      return {
        segments: live.map(([id, frames]) => ({
          id,
          priority: 'normal',
          bytes: 0,
          batches: frames.filter(isOpen).length,
          sealed: true,
        })),
        corrupt: [],
        unknown: [],
        tornBytes: 0,
      }
    },
  }
}

const countsOf = (frames: readonly Held[]): readonly StreamExtent[] => {
  const counts = new Map<string, StreamExtent>()
  for (const { batch } of frames) {
    const { producer, tenant, service, firstSeq, lastSeq } = batch
    const key = JSON.stringify([producer, tenant, service])
    const known = counts.get(key)
    const records = (known?.records ?? 0) + lastSeq - firstSeq + 1
    const range = { firstSeq: known?.firstSeq ?? firstSeq, lastSeq }
    counts.set(key, { producer, tenant, service, records, ...range })
  }
  return [...counts.values()]
}
