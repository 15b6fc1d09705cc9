/** All workers, and what they are asked and told together. */
import type { Level, Log } from '../../infra/telemetry/log.ts'
import { type Answer, refusal } from '../admin/answer.ts'
import type { Config } from '../config/config.ts'
import { type Member, openMember } from './member.ts'

export type Crew = {
  readonly members: readonly Member[]
  readonly ask: (member: Member, asked: Asked) => Promise<Told>
  /** What a worker that comes back is told again, since a pipeline forgets it: null for nothing. */
  readonly remember: (suspension: Asked | null) => void
  /** Resolves with the worst exit status. */
  readonly stop: (why: string) => Promise<0 | 1>
}
export type Asked = {
  readonly method: 'GET' | 'PUT' | 'POST'
  /** With its query. */
  readonly path: string
  readonly body?: unknown
  /** How long to wait for the answer; longer than a worker itself takes unless told. */
  readonly msMax?: number
}
/** What a worker answered; 503 where it did not. */
export type Told = Answer & { readonly worker: number; readonly headers: Record<string, string> }

/** Longer than the longest that a worker itself takes to answer. */
const askMsMax = 12_000
/** A worker gives up its own stop after this; what hangs still longer is killed. */
const stopGraceMs = 15_000

export const openCrew = (given: {
  readonly config: Config
  readonly level: Level
  readonly log: Log
}): Crew => {
  const { config, level, log } = given
  let suspension: Asked | null = null
  const suspend = async (member: Member): Promise<void> => {
    if (suspension === null) return
    const { status } = await answered(member, suspension)
    if (status === 202) return
    const { worker } = member
    log.error('worker.sending', 'A worker that came back could not be suspended: it sends.', {
      worker,
      status,
    })
  }
  const members = Array.from({ length: config.workers }, (_, worker): Member => {
    const member = openMember({ worker, config, level, log, isUp: () => void suspend(member) })
    return member
  })
  return {
    members,
    ask: answered,
    remember: (asked) => {
      suspension = asked
    },
    stop: async (why) => {
      const stopMsMax = config.shutdownTimeoutMs + stopGraceMs
      const overdue = setTimeout(() => {
        log.error(
          'stop.overdue',
          `The stop took more than ${stopMsMax} ms; the workers that are left are killed.`,
        )
        for (const member of members) member.kill()
      }, stopMsMax)
      const statuses = await Promise.all(members.map((member) => member.stop(why)))
      clearTimeout(overdue)
      return statuses.every((status) => status === 0) ? 0 : 1
    },
  }
}

const answered = async (
  member: Member,
  { method, path, body, msMax = askMsMax }: Asked,
): Promise<Told> => {
  const { worker } = member
  const place = member.admin()
  if (place === undefined) return silent(worker, `it is ${member.state()}`)
  try {
    const response = await fetch(`${place.url}${path}`, {
      method,
      redirect: 'error',
      signal: AbortSignal.timeout(msMax),
      headers: {
        authorization: `Bearer ${place.token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return {
      worker,
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body: new Uint8Array(await response.arrayBuffer()),
    }
  } catch (cause) {
    return silent(worker, cause instanceof Error ? cause.message : String(cause))
  }
}

/** The answer for a worker that gives none. */
const silent = (worker: number, why: string): Told => {
  const headers = { 'retry-after': '1' }
  const error = `worker ${worker} does not answer: ${why}`
  const answer = refusal({ status: 503, error, headers })
  return { ...answer, headers: { ...answer.headers }, worker }
}

export const toldValue = <Value>(told: Told): Value =>
  JSON.parse(typeof told.body === 'string' ? told.body : Buffer.from(told.body).toString()) as Value
