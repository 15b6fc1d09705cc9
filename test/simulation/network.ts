/** Endpoints as they are in a bad week, and the network between the pipeline and them. */
import type { Piece, Verdict } from '../../actors/delivery/protocol.ts'
import type { Endpoint } from '../../infra/endpoints/endpoint.ts'
import type { Assignment } from '../../schemas/messages.ts'
import type { Chance } from '../support/chance.ts'
import { recordsOf } from '../support/otlp-records.ts'
import { type Answer, answerIn, hosts, type Mood, moodsInChaos } from './answers.ts'
import { type Books, streamKey } from './books.ts'
import type { Epochs } from './epochs.ts'
import { epochMs, type Life } from './life.ts'
import type { Story } from './story.ts'
import { millisecond, second, type Timeline } from './timeline.ts'

export type Network = {
  readonly endpoint: (life: Life) => Endpoint
  /** Some endpoint changes its mood. */
  readonly turn: () => void
  /** Every endpoint is well, and stays so. */
  readonly calm: () => void
}

type Attempt = Parameters<Endpoint['attempt']>[0]
type Request = {
  readonly assignment: Assignment
  readonly piece: Piece
  readonly records: readonly Buffer[]
  readonly bytes: number
}

/** How long after it was given up a client may still finish a request. */
const lateUsMax = 30 * second

export const openNetwork = (given: {
  readonly timeline: Timeline
  readonly chance: Chance
  readonly story: Story
  readonly books: Books
  readonly epochs: Epochs
}): Network => {
  const { timeline, chance, story, books, epochs } = given
  const moods = new Map<string, Mood>(hosts.map((host) => [host, 'well']))
  let weather: 'chaos' | 'calm' = 'chaos'

  const arrive = (request: Request, reply: (verdict: Verdict) => void): void => {
    const host = new URL(request.assignment.url).hostname
    const mood = moods.get(host)
    const answer: Answer =
      mood === undefined ? { kind: 'reset', takes: 'nothing' } : answerIn(mood, { chance, request })
    story.note(`${host} ${mood} ${answer.kind} ${answer.takes} ${request.records.length}`)
    if (answer.fault !== undefined) story.count(answer.fault)
    if (answer.takes !== 'nothing') take(books, request, answer.rejected ?? 0)
    if (answer.again === 'later')
      timeline.after(chance.below(lateUsMax), () => take(books, request, 0))
    if (answer.verdict === undefined) return
    const { verdict } = answer
    timeline.after(answer.delayUs ?? transitUs(chance), () => reply(verdict))
  }

  const attempt = (
    life: Life,
    { assignment, piece, payload, giveBack, deadlineMs, signal }: Attempt,
  ) =>
    new Promise<Verdict>((resolve) => {
      const answer = (verdict: Verdict): void => {
        if (!life.isOver()) resolve(verdict)
      }
      const body = Buffer.concat(payload)
      giveBack?.()
      const request = { assignment, piece, records: recordsOf(body), bytes: body.length }
      epochs.used(assignment)
      checkPiece(story, request)
      // A client library may go on with what it was told to give up: then its answer is late.
      const isDeaf = weather === 'chaos' && chance.oneIn(15)
      const lateUs = isDeaf ? chance.below(lateUsMax) : 0
      const leftUs = (deadlineMs - epochMs) * millisecond - timeline.nowUs()
      const given = { kind: 'unreachable', detail: 'given up' } as const
      timeline.after(leftUs + lateUs, () => answer({ kind: 'unreachable', detail: 'no answer' }))
      if (!isDeaf) signal.addEventListener('abort', () => answer(given))
      timeline.after(transitUs(chance), () => arrive(request, answer))
    })

  return {
    endpoint: (life) => ({
      attempt: (request) => attempt(life, request),
      close: async () => undefined,
    }),
    turn: () => {
      const host = hosts[chance.below(hosts.length)] ?? hosts[0]
      const mood = moodsInChaos[chance.below(moodsInChaos.length)] ?? 'well'
      story.note(`${host} turns ${mood}`)
      moods.set(host, mood)
    },
    calm: () => {
      weather = 'calm'
      for (const host of hosts) moods.set(host, 'well')
    },
  }
}

const transitUs = (chance: Chance): number =>
  chance.oneIn(20) ? chance.below(2 * second) : 200 + chance.below(20 * millisecond)

/** The records of a piece with their coordinates, as an endpoint reads them from the ids. */
const coordinatesOf = ({ held, cut }: Piece) =>
  held.flatMap(({ batch }) => {
    const { firstSeq, lastSeq } = cut ?? batch
    const { tenant, service } = batch
    const stream = streamKey(batch)
    return Array.from({ length: lastSeq - firstSeq + 1 }, (_, index) => ({
      stream,
      tenant,
      service,
      seq: firstSeq + index,
    }))
  })

/**
 * @param left records at the beginning of the request are not taken. An endpoint says how many it has
 * rejected and not which: the pipeline counts them against the first batches, so here it is these.
 */
const take = (books: Books, { piece, records }: Request, left: number): void => {
  for (const [index, place] of coordinatesOf(piece).entries()) {
    const record = records[index]
    if (record !== undefined && index >= left) books.took(place, record)
  }
}

const checkPiece = (story: Story, { piece, records }: Request): void => {
  const count = coordinatesOf(piece).length
  if (count !== records.length)
    story.wrong(`a request with ids for ${count} records has ${records.length}`)
  if (new Set(piece.held.map(({ batch }) => batch.tenant)).size > 1)
    story.wrong('a request has records of several tenants')
}
