/**
 * Which records of which streams a segment has. The names of a stream are kept once for all segments
 * of a ring, and a segment to which nothing is appended any more takes 28 bytes a stream: what is in
 * memory for a backlog of many segments with thousands of streams each is next to nothing.
 */
import type { Batch } from '../../schemas/messages.ts'
import { recordsIn } from '../../schemas/range-set.ts'
import type { StreamCount, StreamExtent } from './record-log.ts'

/** The streams of all segments of one ring. */
export type StreamNames = {
  /** The place of a stream, which is its own until as many `letGo` as `hold` were said of it. */
  readonly hold: (stream: StreamName) => number
  /** Its place while somebody holds it. */
  readonly placeOf: (stream: StreamName) => number | undefined
  readonly at: (place: number) => StreamName
  readonly letGo: (place: number) => void
  readonly size: () => number
}
export type StreamName = Omit<StreamCount, 'records'>

/** Of one segment. */
export type StreamCounts = {
  readonly add: (batch: StreamName & Pick<Batch, 'firstSeq' | 'lastSeq'>) => void
  readonly all: () => readonly StreamExtent[]
  /** To be called once nothing more is added; what is added all the same counts. */
  readonly pack: () => void
  /** Nothing is in it any more. */
  readonly clear: () => void
}

/** Unlike for any two streams: the lengths say where each part ends. */
export const streamKey = ({
  producer,
  tenant,
  service,
}: Pick<Batch, 'producer' | 'tenant' | 'service'>): string =>
  `${producer.length}/${tenant.length}/${producer}${tenant}${service}`

export const openStreamNames = (): StreamNames => {
  const places = new Map<string, number>()
  const names: (StreamName | undefined)[] = []
  const holders: number[] = []
  const free: number[] = []
  const at = (place: number): StreamName => {
    const name = names[place]
    if (name === undefined) throw new Error(`Nobody holds the stream at place ${place}.`)
    return name
  }
  return {
    at,
    placeOf: (stream) => places.get(streamKey(stream)),
    hold: (stream) => {
      const key = streamKey(stream)
      const known = places.get(key)
      const place = known ?? free.pop() ?? names.length
      if (known === undefined) {
        const { producer, tenant, service } = stream
        names[place] = { producer, tenant, service }
        places.set(key, place)
        holders[place] = 0
      }
      holders[place] = (holders[place] ?? 0) + 1
      return place
    },
    letGo: (place) => {
      const name = at(place)
      const left = (holders[place] ?? 0) - 1
      holders[place] = left
      if (left > 0) return
      places.delete(streamKey(name))
      names[place] = undefined
      free.push(place)
    },
    size: () => places.size,
  }
}

type Numbers = { records: number; readonly firstSeq: number; lastSeq: number }
const numbersEach = 3

export const openStreamCounts = (names: StreamNames): StreamCounts => {
  /** By the place of the stream, while more come. */
  let growing = new Map<number, Numbers>()
  let places = new Uint32Array(0)
  let numbers = new Float64Array(0)

  const packed = (index: number): Numbers => ({
    records: numbers[index * numbersEach] ?? 0,
    firstSeq: numbers[index * numbersEach + 1] ?? 0,
    lastSeq: numbers[index * numbersEach + 2] ?? 0,
  })
  const unpack = (): void => {
    for (const [index, place] of places.entries()) growing.set(place, packed(index))
    places = new Uint32Array(0)
    numbers = new Float64Array(0)
  }
  return {
    add: (batch) => {
      if (places.length > 0) unpack()
      const { firstSeq, lastSeq } = batch
      const place = names.placeOf(batch)
      const known = place === undefined ? undefined : growing.get(place)
      if (known === undefined) {
        growing.set(names.hold(batch), { records: recordsIn(batch), firstSeq, lastSeq })
        return
      }
      known.records += recordsIn(batch)
      known.lastSeq = lastSeq
    },
    all: () => {
      const extents: StreamExtent[] = []
      const tell = (place: number, { records, firstSeq, lastSeq }: Numbers): void => {
        const { producer, tenant, service } = names.at(place)
        extents.push({ producer, tenant, service, records, firstSeq, lastSeq })
      }
      for (const [index, place] of places.entries()) tell(place, packed(index))
      for (const [place, of] of growing) tell(place, of)
      return extents
    },
    pack: () => {
      if (growing.size === 0) return
      places = Uint32Array.from(growing.keys())
      numbers = Float64Array.from(
        [...growing.values()].flatMap(({ records, firstSeq, lastSeq }) => [
          records,
          firstSeq,
          lastSeq,
        ]),
      )
      growing = new Map()
    },
    clear: () => {
      unpack()
      for (const place of growing.keys()) names.letGo(place)
      growing = new Map()
    },
  }
}
