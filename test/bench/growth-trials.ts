/** How the cost of a record goes on as something else grows: streams, what the cache holds, drop events. */
import {
  type Cost,
  type GrowthBench,
  type Part,
  type Start,
  withGrowthBench,
} from './growth-bench.ts'
import { holdfast, relayWithin, type Subject } from './subject.ts'

export const growthNames = ['streams', 'held', 'drops'] as const
export type GrowthName = (typeof growthNames)[number]

export type Step = Cost & {
  /** Streams; GiB sent into a cache that nobody empties; drop events so far. */
  readonly at: number
}
/** One subject, once through all steps. */
export type Trial = {
  readonly growth: GrowthName
  readonly subject: string
  readonly steps: readonly Step[]
  /** Of a start on what was there in the end, after SIGKILL; where there is one. */
  readonly start?: Start
}

export type Sizes = {
  readonly cli: string
  readonly streams: readonly number[]
  /** Of a step of `streams`, and of what comes before it. */
  readonly requests: number
  readonly capacityBytes: number
  readonly drops: number
}
/** One after the other, in an order that is turned round from one round to the next. */
export type Round = {
  readonly round: number
  readonly yardstick: 'relay' | 'none'
  /** Before each start of a subject. */
  readonly prepare: () => Promise<void>
  readonly progressed: (what: string, requests: number, total: number) => void
  readonly tried: (trial: Trial) => void
}

const gibibyte = 2 ** 30
/** What a record takes on the wire and in a file. */
const recordBytesOnWire = 520
/** Until V8 has compiled what runs once a request. */
const warmUpRequests = 4_000
const heldSteps = 15
const dropSteps = 10
const dropStreams = 10_000
const dropCapacityBytes = 32 * 2 ** 20

const inTurn = <Item>(items: readonly Item[], round: number): readonly Item[] =>
  round % 2 === 0 ? items : items.toReversed()

const subjectsOf = ({ cli }: Sizes, { yardstick }: Round, capacityBytes?: number) => {
  const settings = capacityBytes === undefined ? {} : { cache: { capacity: capacityBytes } }
  const within = relayWithin({
    segmentBytes: Math.min(64 * 2 ** 20, (capacityBytes ?? gibibyte) / 16),
    segmentsMax: capacityBytes === undefined ? 1_024 : Math.max(16, capacityBytes / 2 ** 26),
  })
  return [holdfast(cli, { settings }), ...(yardstick === 'relay' ? [within] : [])]
}

const trial = async <Result>(
  round: Round,
  {
    subject,
    growth,
    total,
  }: { readonly subject: Subject; readonly growth: GrowthName; readonly total: number },
  work: (bench: GrowthBench) => Promise<Result>,
): Promise<Result> => {
  await round.prepare()
  const what = `round ${round.round + 1}, ${growth}, ${subject.name}`
  const progressed = (requests: number) => round.progressed(what, requests, total)
  return withGrowthBench({ subject, progressed }, work)
}

/** Each number of streams in a process of its own, in which each stream had a request before. */
export const growStreams = async (sizes: Sizes, round: Round): Promise<void> => {
  const { requests, streams: counts } = sizes
  const subjects = subjectsOf(sizes, round)
  const steps = new Map<Subject, Step[]>(subjects.map((subject) => [subject, []]))
  const warm = Math.max(requests, ...counts)
  const total = warm + requests
  for (const [index, streams] of inTurn(counts, round.round).entries())
    for (const subject of inTurn(subjects, round.round + index)) {
      const part = { recordsPerRequest: 50, recordBytes: 512, connections: 8, streams }
      const cost = await trial(round, { subject, growth: 'streams', total }, async (bench) => {
        await bench.sendThrough({ ...part, from: 0, to: warm })
        return bench.cost({ ...part, from: warm, to: total }, bench.sendThrough)
      })
      steps.get(subject)?.push({ at: streams, ...cost })
    }
  for (const [{ name }, of] of steps)
    round.tried({ growth: 'streams', subject: name, steps: of.sort((a, b) => a.at - b.at) })
}

/** Into a cache that nobody empties, until it is full and for half of its size beyond. */
export const growHeld = async (sizes: Sizes, round: Round): Promise<void> => {
  const { capacityBytes } = sizes
  const part = { recordsPerRequest: 500, recordBytes: 512, connections: 8, streams: 1 }
  const requestBytes = part.recordsPerRequest * recordBytesOnWire
  const each = Math.ceil(capacityBytes / 10 / requestBytes)
  const total = warmUpRequests + heldSteps * each
  for (const subject of inTurn(subjectsOf(sizes, round, capacityBytes), round.round))
    await trial(round, { subject, growth: 'held', total }, async (bench) => {
      // All of it is sent on: what is measured begins with an empty cache.
      await bench.sendThrough({ ...part, from: 0, to: warmUpRequests })
      await bench.deafen()
      const steps: Step[] = []
      for (let from = warmUpRequests; from < total; from += each) {
        const cost = await bench.cost({ ...part, from, to: from + each }, bench.send)
        steps.push({ at: ((from + each - warmUpRequests) * requestBytes) / gibibyte, ...cost })
      }
      round.tried({
        growth: 'held',
        subject: subject.name,
        steps,
        ...(subject.name === 'holdfast' ? { start: await bench.startAgain() } : {}),
      })
    })
}

/** Records of streams in turn, into a cache that is so small that nearly each becomes a drop event. */
export const growDrops = async (sizes: Sizes, round: Round): Promise<void> => {
  const part = { recordsPerRequest: 1, recordBytes: 512, connections: 64, streams: dropStreams }
  // Until the cache is full and has begun to give up records.
  const warm = 6 * dropStreams
  const each = Math.ceil(sizes.drops / dropSteps)
  const total = warm + dropSteps * each
  for (const subject of inTurn(subjectsOf(sizes, round, dropCapacityBytes), round.round))
    await trial(round, { subject, growth: 'drops', total }, async (bench) => {
      await bench.deafen()
      await bench.send({ ...part, from: 0, to: warm })
      const isOurs = subject.name === 'holdfast'
      const steps: Step[] = []
      for (let from = warm; from < total; from += each) {
        const sent: Part = { ...part, from, to: from + each }
        const cost = await bench.cost(sent, bench.send)
        // The relay gives up as much and tells nobody.
        steps.push({ at: isOurs ? await bench.dropped() : sent.to - warm, ...cost })
      }
      round.tried({
        growth: 'drops',
        subject: subject.name,
        steps,
        ...(isOurs ? { start: await bench.startAgain() } : {}),
      })
    })
}
