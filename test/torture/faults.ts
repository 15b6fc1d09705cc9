/** What may go wrong around a pipeline, chosen by chance. Each fault ends by itself. */
import { setTimeout as pause } from 'node:timers/promises'
import type { Chance } from '../support/chance.ts'
import type { HoldfastProcess } from '../support/holdfast-process.ts'
import type { Sink } from '../support/sink.ts'
import type { Answer, Behaviour } from '../support/sink-behaviour.ts'

export const faultKinds = [
  /** SIGKILL, and a new life. */
  'kill',
  /** SIGTERM, and a new life. */
  'stop',
  /** SIGSTOP, and SIGCONT a little later. */
  'pause',
  /** An operator names the other endpoint. */
  'redirect',
  /** The endpoint itself names the other one. */
  'redirected',
  /** Endpoints answer this and that, reset, hang, or take and do not say so. */
  'failing',
  /** They take nothing for so long that the cache overwrites itself. */
  'overflow',
] as const
export type FaultKind = (typeof faultKinds)[number]

export type Scene = {
  readonly chance: Chance
  readonly sinks: readonly [Sink, Sink]
  readonly holdfast: () => HoldfastProcess
  /** Ends the process by a signal, and starts it anew. */
  readonly restart: (signal: 'SIGKILL' | 'SIGTERM') => Promise<void>
  /** Of records, so far. */
  readonly dropped: () => Promise<number>
}

const overflowMsMax = 8_000
const lookMs = 100

export const inflict = async (kind: FaultKind, scene: Scene): Promise<void> => {
  const { chance, sinks, holdfast } = scene
  const lasts = 200 + chance.below(1_500)
  switch (kind) {
    case 'kill':
      return scene.restart('SIGKILL')
    case 'stop':
      return scene.restart('SIGTERM')
    case 'pause': {
      const { pid } = holdfast()
      process.kill(pid, 'SIGSTOP')
      await pause(lasts)
      process.kill(pid, 'SIGCONT')
      return
    }
    case 'redirect':
      await holdfast().redirect((sinks[chance.below(2)] ?? sinks[0]).url)
      return
    case 'redirected':
      sinks[0].behave(() => ({ kind: 'redirect', status: 307, location: sinks[1].url }))
      return healedAfter(lasts, sinks)
    case 'failing':
      for (const sink of sinks) sink.behave(failing(chance))
      return healedAfter(lasts, sinks)
    case 'overflow':
      return overflow(scene)
  }
}

export const heal = (sinks: readonly Sink[]): void => {
  for (const sink of sinks) sink.behave(() => ({ kind: 'accept' }))
}

const healedAfter = async (ms: number, sinks: readonly Sink[]): Promise<void> => {
  await pause(ms)
  heal(sinks)
}

const answers: readonly Answer[] = [
  { kind: 'accept' },
  { kind: 'accept', delayMs: 30 },
  { kind: 'status', status: 500 },
  { kind: 'status', status: 503 },
  { kind: 'status', status: 429, headers: { 'retry-after': '1' } },
  { kind: 'acceptUpTo', bytesMax: 10_000 },
  { kind: 'reset' },
  { kind: 'hang' },
  { kind: 'takeThenReset' },
  { kind: 'acceptThenReset' },
]
const failing =
  (chance: Chance): Behaviour =>
  () =>
    answers[chance.below(answers.length)] ?? { kind: 'accept' }

/** Until something was overwritten, or it has taken too long: the load is what the machine can do. */
const overflow = async ({ sinks, dropped }: Scene): Promise<void> => {
  for (const sink of sinks) sink.behave(() => ({ kind: 'status', status: 503 }))
  const before = await dropped()
  const deadlineMs = Date.now() + overflowMsMax
  while (Date.now() < deadlineMs && (await dropped()) === before) await pause(lookMs)
  heal(sinks)
}
