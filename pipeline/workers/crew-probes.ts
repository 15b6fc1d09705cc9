/** Probes of a process with workers. */
import { setTimeout as after } from 'node:timers/promises'
import { type Answer, json } from '../admin/answer.ts'
import type { Complaint } from '../observed.ts'
import { type Crew, toldValue } from './crew.ts'
import type { MemberState } from './member.ts'

type Probed = {
  /** Before it was asked, and when it had answered. */
  readonly states: readonly MemberState[]
  readonly reasons: readonly Complaint[]
}

/** Whoever probes does not wait long; a thread that does nothing else answers in a worker. */
const probeMsMax = 2_000
const endSeenMs = 200

const probed = async (crew: Crew, path: string): Promise<readonly Probed[]> =>
  Promise.all(
    crew.members.map(async (member) => {
      const named = ({ actor, reason }: Complaint) => ({
        actor: `worker-${member.worker}/${actor}`,
        reason,
      })
      const before = member.state()
      const told = await crew.ask(member, { method: 'GET', path, msMax: probeMsMax })
      const { reasons, error = '' } = toldValue<{ reasons?: readonly Complaint[]; error?: string }>(
        told,
      )
      // Its connections break a moment before its end is known.
      if (reasons === undefined) await after(endSeenMs)
      return {
        states: [before, member.state()],
        reasons: reasons?.map(named) ?? [named({ actor: 'process', reason: error })],
      }
    }),
  )

/** 503 means that only a restart will help. One worker that has ended is started again without it. */
export const crewLive = async (crew: Crew | null): Promise<Answer> => {
  if (crew === null) return answer('ok', [])
  const all = await probed(crew, '/livez')
  const reasons = all
    .filter(({ states }) => states.every((state) => state === 'up'))
    .flatMap((one) => one.reasons)
  return answer(reasons.length === 0 ? 'ok' : 'unavailable', reasons)
}

/**
 * 503 means that records would be refused now. While one worker takes them, clients are better off
 * here than sent away: `degraded`, with the reasons of the others.
 */
export const crewReady = async (crew: Crew | null): Promise<Answer> => {
  if (crew === null)
    return answer('unavailable', [{ actor: 'workers', reason: 'they are starting' }])
  const all = await probed(crew, '/readyz')
  const reasons = all.flatMap((one) => one.reasons)
  if (reasons.length === 0) return answer('ok', reasons)
  return answer(all.some((one) => one.reasons.length === 0) ? 'degraded' : 'unavailable', reasons)
}

const answer = (status: 'ok' | 'degraded' | 'unavailable', reasons: readonly Complaint[]): Answer =>
  json({ status, reasons }, status === 'unavailable' ? 503 : 200)
