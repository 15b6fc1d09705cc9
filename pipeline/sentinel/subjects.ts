/** What the sentinel watches, and what it can do about each. */
import type { SentinelInput } from '../../actors/sentinel/protocol.ts'

export const subjects = [
  'event-loop',
  'collector',
  'cache',
  'dispatcher',
  'endpoint-manager',
  'sends',
] as const
export type Subject = (typeof subjects)[number]

type Facts = {
  /** Who is blamed, and started anew. */
  readonly actor: string
  readonly remedy: SentinelInput['remedy']
  /** On top of `stall_after`. */
  readonly graceMs: number
  /** What is wrong when it is stalled; completes "for 12 s …". */
  readonly symptom: string
}

const untaken = 'it has taken no message though some wait'

/**
 * An attempt that fails at its own deadline is an outage of the endpoint, even if that deadline is as
 * long as `stall_after`: so sends are given a second more.
 */
export const subjectFacts: Readonly<Record<Subject, Facts>> = {
  'event-loop': {
    actor: 'event-loop',
    remedy: 'none',
    graceMs: 0,
    symptom: 'the event loop of the process has been blocked',
  },
  collector: { actor: 'collector', remedy: 'restart', graceMs: 0, symptom: untaken },
  // Its books follow the record log, append by append: only a start of the process reads them anew.
  cache: { actor: 'cache', remedy: 'none', graceMs: 0, symptom: untaken },
  dispatcher: { actor: 'dispatcher', remedy: 'restart', graceMs: 0, symptom: untaken },
  'endpoint-manager': {
    actor: 'endpoint-manager',
    remedy: 'restart',
    graceMs: 0,
    symptom: untaken,
  },
  sends: {
    actor: 'dispatcher',
    remedy: 'restart',
    graceMs: 1_000,
    symptom: 'no attempt has ended, well or badly, though records wait to be sent',
  },
}
