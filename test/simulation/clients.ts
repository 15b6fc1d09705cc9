/** Clients that offer requests, and try again, or not, when they are refused or hear nothing. */
import { declareOwn } from '../../infra/memory/holds.ts'
import type { Kept, Refused, Request } from '../../infra/sources/intake.ts'
import type { Chance } from '../support/chance.ts'
import type { Books, Lot, Stream } from './books.ts'
import { epochMs, type Life, nowMsOn } from './life.ts'
import type { Story } from './story.ts'
import { millisecond, second, type Timeline } from './timeline.ts'

/** A pipeline that takes requests, in one life of its process. */
export type Door = {
  readonly life: Life
  readonly offer: (request: Request) => Promise<Kept | Refused>
  readonly refused: (parts: Request['parts'], reason: Refused['reason']) => void
}

export type Clients = {
  readonly open: (door: Door) => void
  /** No new requests any more, but a last one each. */
  readonly calm: () => void
  /** Whether all of them have sent all that they wanted, or given up. */
  readonly areDone: () => boolean
}

const attemptsMax = 8
const partsMax = 3

export const streams: readonly Stream[] = [
  { tenant: 'acme', service: 'checkout' },
  { tenant: 'acme', service: 'auth' },
  { tenant: 'globex', service: 'checkout' },
  { tenant: 'globex', service: 'debug/µ' },
]

export const openClients = (given: {
  readonly timeline: Timeline
  readonly chance: Chance
  readonly story: Story
  readonly books: Books
  readonly count: number
  readonly pauseUsMax: number
}): Clients => {
  const { timeline, chance, story, books } = given
  let door: Door | null = null
  let weather: 'chaos' | 'calm' = 'chaos'
  let busy = 0

  const newRequest = (): readonly Lot[] =>
    Array.from({ length: 1 + chance.below(partsMax) }, () => {
      const stream = streams[chance.below(streams.length)] ?? { tenant: 'acme', service: 'auth' }
      return books.make(stream, {
        records: 1 + chance.below(chance.oneIn(10) ? 60 : 12),
        recordBytes: 60 + chance.below(200),
      })
    })
  const answerTo = async (lots: readonly Lot[], at: Door): Promise<Kept | Refused | undefined> => {
    for (const lot of lots) books.offered(lot)
    const parts = lots.map((lot) => partOf(lot, nowMsOn(timeline)))
    const cutOff = new Promise<undefined>((resolve) => at.life.onEnd(() => resolve(undefined)))
    const answered = at.offer({ parts }).then((answer) => {
      // What is kept is kept, whether its client hears of it or not.
      if (answer.kind === 'kept') for (const lot of lots) books.kept(lot)
      else at.refused(parts, answer.reason)
      return answer
    })
    return Promise.race([answered, cutOff])
  }
  const send = async (lots: readonly Lot[], attempt: number, done: () => void): Promise<void> => {
    const answer = door === null || door.life.isOver() ? undefined : await answerTo(lots, door)
    story.note(`client ${lots[0]?.firstId} ${answer?.kind ?? 'unanswered'}`)
    const isOver = attempt >= attemptsMax || (weather === 'chaos' && chance.oneIn(6))
    if (answer?.kind === 'kept' || isOver) return done()
    const waitUs = (answer === undefined ? 500 : answer.retryAfterMs) * millisecond
    timeline.after(waitUs + chance.below(second), () => {
      send(lots, attempt + 1, done).catch((cause) => story.wrong(`a client failed: ${cause}`))
    })
  }
  const begin = (done: () => void): void => {
    busy += 1
    const over = (): void => {
      busy -= 1
      done()
    }
    send(newRequest(), 1, over).catch((cause) => story.wrong(`a client failed: ${cause}`))
  }
  const goOn = (): void => {
    if (weather === 'chaos') timeline.after(chance.below(given.pauseUsMax), () => begin(goOn))
  }
  for (let client = 0; client < given.count; client += 1) goOn()

  return {
    open: (opened) => {
      door = opened
    },
    calm: () => {
      weather = 'calm'
      for (let client = 0; client < given.count; client += 1) begin(() => undefined)
    },
    areDone: () => busy === 0,
  }
}

/** As a body that came over HTTP: the pipeline gives it back when nobody uses it any more. */
const ownCopy = (payload: Buffer): Buffer => {
  const copy = Buffer.allocUnsafeSlow(payload.length)
  payload.copy(copy)
  declareOwn(copy)
  return copy
}

const partOf = (lot: Lot, nowMs: number): Request['parts'][number] => ({
  tenant: lot.tenant,
  service: lot.service,
  records: lot.lastId - lot.firstId + 1,
  payload: [ownCopy(lot.payload)],
  bytes: lot.payload.length,
  fromMs: epochMs,
  toMs: nowMs,
})
