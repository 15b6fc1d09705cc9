import { setTimeout as after } from 'node:timers/promises'
import type { CommandResult } from '../../actors/endpoint-manager/protocol.ts'
import type { Assignment } from '../../schemas/messages.ts'
import { endpointUrl } from '../config/addresses.ts'
import { bareAllowed } from '../config/fault.ts'
import type { EndpointCommand, EndpointView } from '../observed.ts'
import { type Answer, json, refusal } from './answer.ts'
import { queryOf } from './query.ts'
import type { Call, Route } from './route.ts'

/** The endpoint manager journals what it is told before it answers; a stuck disk must not hang a call. */
const commandMsMax = 10_000
const reasonCharsMax = 500
const reasonDefault = 'by request of an operator'

/** `GET /api/v1/endpoint` */
export const showEndpoint: Route = ({ observed, search }) => {
  const query = queryOf(search, {})
  return query.kind === 'refused' ? query.answer : json(shownEndpoint(observed.endpoint()))
}

/** `PUT /api/v1/endpoint` `{"url": …, "reason": …}` */
export const setEndpoint: Route = async (call) => {
  const given = await fieldsOf(call, ['url', 'reason'])
  if (given.kind === 'refused') return given.answer
  const { url, reason } = given.fields
  if (url === undefined)
    return refusal({ status: 400, error: 'url is missing', allowed: { url: 'https://…' } })
  const checked = endpointUrl(url)
  if (checked.kind === 'wrong')
    return refusal({ status: 400, error: `url: ${checked.problem}`, allowed: bareAllowed(checked) })
  return commanded(call, { kind: 'set', url, reason: reason ?? reasonDefault })
}

/** `POST /api/v1/endpoint/pin`, `…/unpin` `{"reason": …}` */
export const pinning =
  (kind: 'pin' | 'unpin'): Route =>
  async (call) => {
    const given = await fieldsOf(call, ['reason'])
    if (given.kind === 'refused') return given.answer
    return commanded(call, { kind, reason: given.fields.reason ?? reasonDefault })
  }

/** `POST /api/v1/dispatch/suspend`, `…/resume` `{"reason": …}` */
export const dispatching =
  (kind: 'suspend' | 'resume'): Route =>
  async (call) => {
    const given = await fieldsOf(call, ['reason'])
    if (given.kind === 'refused') return given.answer
    const reason = given.fields.reason ?? reasonDefault
    call.observed.dispatch({ kind, reason })
    call.log.info('dispatch.commanded', `An operator said ${kind}.`, { kind, reason })
    return json({ command: kind, reason }, 202)
  }

const commanded = async (call: Call, command: EndpointCommand): Promise<Answer> => {
  const { observed, log } = call
  const result = await answered(observed.command(command))
  log.info('endpoint.commanded', `An operator said ${command.kind}; it was ${result.kind}.`, {
    command,
    result,
  })
  if (result.kind === 'refused') return refusedCommand(result)
  return json({ ...shownAssignment(result.assignment), pinned: observed.endpoint().pinned }, 202)
}

const answered = async (pending: Promise<CommandResult>): Promise<CommandResult> => {
  const timer = new AbortController()
  try {
    return await Promise.race([
      pending,
      after<CommandResult>(
        commandMsMax,
        {
          kind: 'refused',
          why: 'busy',
          reason: `the endpoint manager has not answered within ${commandMsMax} ms; the command may still take effect`,
        },
        { signal: timer.signal, ref: false },
      ),
    ])
  } finally {
    timer.abort()
  }
}

const refusedCommand = ({ why, reason }: CommandResult & { kind: 'refused' }): Answer =>
  why === 'not_allowed'
    ? refusal({ status: 400, error: reason, allowed: 'endpoint.redirects.allow' })
    : refusal({ status: 503, error: reason, headers: { 'retry-after': '1' } })

/** Bodies of `setEndpoint`, and of the others. */
export const setExample = '{"url":"https://logs.example.com","reason":"why"}'
export const reasonExample = '{"reason":"why"}'

type Fields<Name extends string> =
  | { readonly kind: 'fields'; readonly fields: Partial<Record<Name, string>> }
  | { readonly kind: 'refused'; readonly answer: Answer }

/** The texts in the body of a call; anything else in it is refused. */
const fieldsOf = async <Name extends string>(
  { body, search }: Call,
  names: readonly Name[],
): Promise<Fields<Name>> => {
  const query = queryOf(search, {})
  if (query.kind === 'refused') return query
  const read = await body(names.some((it) => it === 'url') ? setExample : reasonExample)
  if (read.kind === 'refused') return read
  for (const [key, value] of Object.entries(read.value)) {
    const error = !names.some((known) => known === key)
      ? `there is no field "${key.slice(0, 80)}"`
      : typeof value !== 'string' || value === ''
        ? `${key} is no text`
        : key === 'reason' && (value.length > reasonCharsMax || /\p{Cc}/u.test(value))
          ? `reason is longer than ${reasonCharsMax} characters or has control characters`
          : undefined
    if (error !== undefined)
      return { kind: 'refused', answer: refusal({ status: 400, error, allowed: names }) }
  }
  return { kind: 'fields', fields: read.value as Partial<Record<Name, string>> }
}

type ShownAssignment = Omit<Assignment, 'atMs'> & { readonly at: string }
const shownAssignment = ({ atMs, ...assignment }: Assignment): ShownAssignment => ({
  ...assignment,
  at: new Date(atMs).toISOString(),
})

export type ShownEndpoint = Omit<EndpointView, 'history'> & {
  readonly history: readonly ShownAssignment[]
}
const shownEndpoint = (view: EndpointView): ShownEndpoint => ({
  ...view,
  history: view.history.map(shownAssignment),
})
