/** The sentinel's statecharts, one for each subject, fed from the board. */
import { type Actor, createActor } from 'xstate'
import { type SentinelState, sentinel } from '../../actors/sentinel/machine.ts'
import type { Announcement, RestartAnswer } from '../../actors/sentinel/protocol.ts'
import { instant } from '../../schemas/brand.ts'
import type { Complaint, Health } from '../observed.ts'
import type { Board } from './board.ts'
import { type Subject, subjectFacts, subjects } from './subjects.ts'

export type Watch = {
  /** Looks at the board. To be called several times within `stallAfterMs`, with a steady clock. */
  readonly look: (steadyMs: number) => void
  readonly answer: (subject: Subject, answer: RestartAnswer) => void
  readonly health: () => Health
  /** The worst state of all, and a word on each that is not well. */
  readonly summary: () => Summary
}
export type Summary = { readonly value: SentinelState; readonly detail: string }

type Told = (subject: Subject, announcement: Announcement) => void

/**
 * One look moves time by so much at most: a machine that slept, or a process that was stopped as a
 * whole, wakes with old samples, and that is no stall.
 */
const stepMsMax = 1_000
/** From good to bad. */
const order: readonly SentinelState[] = [
  'watching',
  'suspecting',
  'recovering',
  'stalled',
  'failing',
]

export const openWatch = ({
  board,
  stallAfterMs,
  announce,
  restart,
}: {
  readonly board: Pick<Board, 'beats' | 'records' | 'sight'>
  readonly stallAfterMs: number
  readonly announce: Told
  readonly restart: (subject: Subject) => void
}): Watch => {
  const watched = new Map(
    subjects.map((subject) => {
      const announced = (_: unknown, announcement: Announcement): void =>
        announce(subject, announcement)
      const machine = sentinel.provide({
        actions: { announce: announced, restart: () => restart(subject) },
      })
      const { remedy, graceMs } = subjectFacts[subject]
      const input = {
        subject,
        remedy,
        stallAfterMs: stallAfterMs + graceMs,
        startedAtMs: instant(0),
      }
      return [subject, createActor(machine, { input }).start()] as const
    }),
  )
  let steadyMs: number | undefined
  /** Time as the event loop's watch goes by it, and as the others do: it stands while that is blocked. */
  let loopMs = 0
  let actorsMs = 0
  let sinceBeatMs = 0
  let beats = board.beats()

  const see = (subject: Subject, nowMs: number): void => {
    const message = {
      type: 'progress.seen',
      ...board.sight(subject),
      records: board.records(),
    } as const
    watched.get(subject)?.send({ ...message, nowMs: instant(nowMs) })
  }
  return {
    look: (nowMs) => {
      const stepMs = Math.min(nowMs - (steadyMs ?? nowMs), stepMsMax)
      steadyMs = nowMs
      loopMs += stepMs
      sinceBeatMs += stepMs
      see('event-loop', loopMs)
      // Nothing is known of anybody while the event loop says nothing: it is to blame, and nobody else.
      if (board.beats() === beats) return
      beats = board.beats()
      actorsMs += Math.min(sinceBeatMs, stepMsMax)
      sinceBeatMs = 0
      for (const subject of subjects) if (subject !== 'event-loop') see(subject, actorsMs)
    },
    answer: (subject, answer) => {
      const nowMs = instant(subject === 'event-loop' ? loopMs : actorsMs)
      watched.get(subject)?.send({ ...answer, nowMs })
    },
    health: () => {
      const wrong = [...watched].flatMap(([subject, actor]) => complaintOf(subject, actor))
      return {
        live: wrong.flatMap(({ state, complaint }) => (state === 'failing' ? [complaint] : [])),
        ready: wrong.map(({ complaint }) => complaint),
      }
    },
    summary: () => {
      const states = [...watched].map(([subject, actor]) => ({ subject, state: stateOf(actor) }))
      const worst = Math.max(...states.map(({ state }) => order.indexOf(state)))
      const unwell = states.filter(({ state }) => state !== 'watching')
      return {
        value: order[worst] ?? 'watching',
        detail:
          unwell.length === 0
            ? `watches ${subjects.join(', ')}`
            : unwell.map(({ subject, state }) => `${subject}: ${state}`).join(', '),
      }
    },
  }
}

type SentinelActor = Actor<typeof sentinel>
const stateOf = (actor: SentinelActor): SentinelState => actor.getSnapshot().value

const complaintOf = (
  subject: Subject,
  actor: SentinelActor,
): readonly { readonly state: SentinelState; readonly complaint: Complaint }[] => {
  const state = stateOf(actor)
  if (state === 'watching' || state === 'suspecting') return []
  const { actor: blamed, symptom } = subjectFacts[subject]
  return [{ state, complaint: { actor: blamed, reason: `${state}: ${symptom}` } }]
}
