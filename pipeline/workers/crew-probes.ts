/** Probes of a process with workers. */
import { type Answer, json } from '../admin/answer.ts'
import type { Complaint } from '../observed.ts'
import { type Crew, toldValue } from './crew.ts'
import type { Member } from './member.ts'

type Probed = { readonly member: Member; readonly reasons: readonly Complaint[] }

const probed = async (crew: Crew, path: string): Promise<readonly Probed[]> =>
  Promise.all(
    crew.members.map(async (member) => {
      const named = ({ actor, reason }: Complaint) => ({
        actor: `worker-${member.worker}/${actor}`,
        reason,
      })
      const told = await crew.ask(member, { method: 'GET', path })
      const { reasons, error = '' } = toldValue<{ reasons?: readonly Complaint[]; error?: string }>(
        told,
      )
      return {
        member,
        reasons: reasons?.map(named) ?? [named({ actor: 'process', reason: error })],
      }
    }),
  )

/** 503 means that only a restart will help. One worker that has ended is started again without it. */
export const crewLive = async (crew: Crew | null): Promise<Answer> => {
  if (crew === null) return answer('ok', [])
  const all = await probed(crew, '/livez')
  const reasons = all.filter(({ member }) => member.state() === 'up').flatMap((one) => one.reasons)
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
