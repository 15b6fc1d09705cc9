/** What an endpoint answers, by the mood that it is in. */
import type { Verdict } from '../../actors/delivery/protocol.ts'
import type { Chance } from '../support/chance.ts'
import type { FaultKind } from './story.ts'
import { second } from './timeline.ts'

export const hosts = ['a.sim.test', 'b.sim.test', 'c.sim.test'] as const
export const urlOf = (host: string): string => `http://${host}:4318`

export const moods = ['well', 'slow', 'failing', 'busy', 'dead', 'picky', 'moving', 'odd'] as const
export type Mood = (typeof moods)[number]
/** Well more often than anything else, or nothing would ever be delivered. */
export const moodsInChaos: readonly Mood[] = [...moods, 'well', 'well', 'well', 'odd']

export type Answer = {
  readonly kind: string
  readonly fault?: FaultKind
  /** None: the client waits in vain. */
  readonly verdict?: Verdict
  /** By default as long as the way takes. */
  readonly delayUs?: number
  /** `some`: all but the first `rejected`. */
  readonly takes: 'all' | 'some' | 'nothing'
  readonly rejected?: number
  /** The network hands the request over once more. */
  readonly again?: 'later'
}

type Given = {
  readonly chance: Chance
  readonly request: { readonly records: readonly Buffer[]; readonly bytes: number }
}

const accept: Answer = { kind: 'accept', takes: 'all', verdict: { kind: 'accepted' } }
const unreachable = (detail: string): Verdict => ({ kind: 'unreachable', detail })

const table: Readonly<Record<Mood, readonly ((given: Given) => Answer)[]>> = {
  well: [() => accept],
  slow: [
    ({ chance }) => ({ ...accept, fault: 'late', delayUs: chance.below(20 * second) }),
    ({ chance }) => ({ ...accept, delayUs: chance.below(3 * second) }),
  ],
  failing: [
    () => ({
      kind: 'serverError',
      fault: 'serverError',
      takes: 'nothing',
      verdict: { kind: 'failed', status: 500, detail: 'broken' },
    }),
  ],
  busy: [
    ({ chance }) => ({
      kind: 'throttled',
      fault: 'throttled',
      takes: 'nothing',
      verdict: {
        kind: 'throttled',
        status: chance.oneIn(2) ? 429 : 503,
        retryAfterMs: chance.oneIn(2) ? null : chance.below(8_000),
      },
    }),
  ],
  dead: [
    ({ chance }) => ({
      kind: 'hang',
      fault: 'hang',
      takes: chance.oneIn(2) ? 'all' : 'nothing',
    }),
    ({ chance }) => ({
      kind: 'reset',
      fault: 'reset',
      takes: chance.oneIn(2) ? 'all' : 'nothing',
      verdict: unreachable('connection reset'),
    }),
  ],
  picky: [
    ({ chance, request: { records } }) => {
      const rejected = 1 + chance.below(records.length)
      return {
        kind: 'partial',
        fault: 'partial',
        takes: 'some',
        rejected,
        verdict: { kind: 'partial', rejected, message: 'some are not liked' },
      }
    },
    ({ chance, request: { bytes } }) =>
      bytes > 200 + chance.below(1_500)
        ? { kind: 'tooLarge', fault: 'tooLarge', takes: 'nothing', verdict: { kind: 'tooLarge' } }
        : accept,
    ({ chance }) =>
      chance.oneIn(3)
        ? {
            kind: 'rejected',
            fault: 'rejected',
            takes: 'nothing',
            verdict: { kind: 'rejected', status: 400, message: 'not liked' },
          }
        : accept,
  ],
  moving: [({ chance }) => moved(chance)],
  odd: [
    () => accept,
    () => ({ ...accept, fault: 'duplicate', again: 'later' }),
    ({ chance }) => moved(chance),
    () => ({
      kind: 'reset',
      fault: 'reset',
      takes: 'all',
      verdict: unreachable('connection reset'),
    }),
    () => ({ kind: 'hang', fault: 'hang', takes: 'all' }),
  ],
}

const moved = (chance: Chance): Answer => {
  const elsewhere = [...hosts.map(urlOf), 'http://evil.test', 'no url', null]
  const location = elsewhere[chance.below(elsewhere.length)] ?? null
  const status = chance.oneIn(2) ? 307 : 308
  return {
    kind: 'redirect',
    fault: 'redirect',
    takes: 'nothing',
    verdict: { kind: 'redirected', status, location },
  }
}

export const answerIn = (mood: Mood, given: Given): Answer => {
  const answers = table[mood]
  const answer = answers[given.chance.below(answers.length)]
  return answer === undefined ? accept : answer(given)
}
