/** What an operator tells all workers: it has happened once every one of them has adopted it. */
import { type Answer, json, refusal } from '../admin/answer.ts'
import { reasonExample, setExample } from '../admin/endpoint-routes.ts'
import { resendExample } from '../admin/notice-routes.ts'
import { type Crew, type Told, toldValue } from './crew.ts'
import { askAll, passedOn } from './crew-routes.ts'
import { mergedAssignment } from './merged-endpoint.ts'

type CrewCommand = {
  readonly method: 'PUT' | 'POST'
  /** A body that is right. */
  readonly example: string
  /** Of what the workers answered. */
  readonly merge: (told: readonly Told[]) => unknown
}
type Assigned = { readonly epoch: number | null }

const assignment = (told: readonly Told[]) =>
  mergedAssignment(told.map((one) => ({ worker: one.worker, assigned: toldValue<Assigned>(one) })))
const same = ([first]: readonly Told[]): unknown => (first === undefined ? {} : toldValue(first))
const sums = (told: readonly Told[]): unknown => {
  const sum: Record<string, number> = {}
  for (const one of told)
    for (const [key, value] of Object.entries(toldValue<Record<string, number>>(one)))
      sum[key] = (sum[key] ?? 0) + value
  return sum
}

const suspendPath = '/api/v1/dispatch/suspend'
const resumePath = '/api/v1/dispatch/resume'

export const crewCommands: Readonly<Record<string, CrewCommand>> = {
  '/api/v1/endpoint': { method: 'PUT', example: setExample, merge: assignment },
  '/api/v1/endpoint/pin': { method: 'POST', example: reasonExample, merge: assignment },
  '/api/v1/endpoint/unpin': { method: 'POST', example: reasonExample, merge: assignment },
  [suspendPath]: { method: 'POST', example: reasonExample, merge: same },
  [resumePath]: { method: 'POST', example: reasonExample, merge: same },
  '/api/v1/notices/resend': { method: 'POST', example: resendExample, merge: sums },
}

export const commandCrew = async (
  crew: Crew,
  { path, command, body }: { path: string; command: CrewCommand; body: unknown },
): Promise<Answer> => {
  const away = crew.members.find((member) => member.state() !== 'up')
  // Rather nobody than not everybody: it is asked again once all are there.
  if (away !== undefined)
    return refusal({
      status: 503,
      error: `worker ${away.worker} is ${away.state()}; no worker was told`,
      headers: { 'retry-after': '1' },
    })
  const told = await askAll(crew, { method: command.method, path, body })
  const refused = told.filter(({ status }) => status !== 202)
  const [first] = refused
  if (refused.length < told.length && path === suspendPath)
    crew.remember({ method: command.method, path, body })
  if (refused.length < told.length && path === resumePath) crew.remember(null)
  if (first === undefined) return json(command.merge(told), 202)
  // What is wrong for all of them is wrong with the command.
  if (refused.length === told.length && refused.every(({ status }) => status === first.status))
    return { status: first.status, headers: passedOn(first.headers), body: first.body }
  const adopted = told.filter(({ status }) => status === 202).map(({ worker }) => worker)
  const why = refused.map(
    (one) => `worker ${one.worker}: ${toldValue<{ error?: string }>(one).error}`,
  )
  return refusal({
    status: 503,
    error: `not every worker has adopted it (${why.join('; ')}); adopted by: ${adopted.join(', ') || 'none'}. Ask again`,
    headers: { 'retry-after': '1' },
  })
}
