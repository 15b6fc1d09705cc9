import type { Option } from './command.ts'
import { CommandError, type Input, textOf, UsageError } from './command.ts'

/** Calls the admin API of a running pipeline. Each call rejects with a `CommandError`. */
export type AdminClient = {
  /** `unavailable: taken`: 503 is an answer like 200, as of a probe. */
  readonly get: <Answer>(path: string, terms?: Terms) => Promise<Answer>
  /** The answer as it is, whatever its type. */
  readonly text: (path: string) => Promise<string>
  readonly put: <Answer>(path: string, body: unknown) => Promise<Answer>
  readonly post: <Answer>(path: string, body: unknown) => Promise<Answer>
}

type Terms = { readonly unavailable: 'taken' }

/** It has answered, and not as it was hoped. */
export class StatusError extends CommandError {
  readonly status: number
  constructor(message: string, status: number) {
    super(message)
    this.status = status
  }
}

export const adminOption = {
  value: 'URL',
  help: 'the admin API; HOLDFAST_ADMIN or http://127.0.0.1:8686 unless told (token: HOLDFAST_ADMIN_TOKEN)',
} as const satisfies Option

const adminDefault = 'http://127.0.0.1:8686'
const callMsMax = 15_000

/** Where the admin API is looked for. */
export const adminUrl = (input: Input): string => {
  const { HOLDFAST_ADMIN } = input.environment
  return textOf(input, 'admin') ?? (HOLDFAST_ADMIN || adminDefault)
}

export const adminClient = (input: Input): AdminClient => {
  const { HOLDFAST_ADMIN_TOKEN } = input.environment
  return clientAt({
    base: adminUrl(input),
    option: '--admin',
    ...(HOLDFAST_ADMIN_TOKEN ? { token: HOLDFAST_ADMIN_TOKEN } : {}),
  })
}

/** A client of what answers at `base`, which the option has named. */
export const clientAt = (given: {
  readonly base: string
  readonly option: string
  readonly token?: string
}): AdminClient => {
  const { base, option, token } = given
  if (!/^https?:\/\//.test(base) || !URL.canParse(base))
    throw new UsageError(`${option}: "${base}" is no http:// or https:// URL.`)
  const urlOf = (path: string): string => `${base.replace(/\/+$/, '')}${path}`
  const textAt = async (
    method: string,
    path: string,
    { body, terms }: { readonly body?: unknown; readonly terms?: Terms | undefined } = {},
  ): Promise<string> => {
    const url = urlOf(path)
    const response = await answered(url, {
      method,
      // A token is for this address and for no other.
      redirect: 'error',
      signal: AbortSignal.timeout(callMsMax),
      headers: {
        ...(token ? { authorization: `Bearer ${token}` } : {}),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const { status } = response
    if (response.ok || (status === 503 && terms?.unavailable === 'taken')) return response.text
    const { value } = parsed(response.text)
    throw new StatusError(refusalText({ url, status, value }), status)
  }
  const call = async <Answer>(
    method: string,
    path: string,
    given: { readonly body?: unknown; readonly terms?: Terms | undefined } = {},
  ): Promise<Answer> => {
    const { value, readable } = parsed(await textAt(method, path, given))
    if (!readable)
      throw new CommandError(`${urlOf(path)} answered something that is no JSON; is it a Holdfast?`)
    return value as Answer
  }
  return {
    text: (path) => textAt('GET', path),
    get: (path, terms) => call('GET', path, { terms }),
    put: (path, body) => call('PUT', path, { body }),
    post: (path, body) => call('POST', path, { body }),
  }
}

type Response = { readonly ok: boolean; readonly status: number; readonly text: string }
const answered = async (url: string, init: RequestInit): Promise<Response> => {
  try {
    const response = await fetch(url, init)
    return { ok: response.ok, status: response.status, text: await response.text() }
  } catch (cause) {
    throw new CommandError(
      `${url} could not be reached (${causeText(cause)}); is Holdfast running there? Another address: --admin URL.`,
      { cause },
    )
  }
}

/** fetch wraps what happened; the innermost error is the one that says it. */
const causeText = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  if (error.name === 'TimeoutError') return `no answer within ${callMsMax / 1000} s`
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined
  return error.cause === undefined ? (code ?? error.message) : causeText(error.cause)
}

const parsed = (text: string): { readonly value: unknown; readonly readable: boolean } => {
  try {
    return { value: JSON.parse(text), readable: true }
  } catch (cause) {
    if (cause instanceof SyntaxError) return { value: undefined, readable: false }
    throw cause
  }
}

const refusalText = (given: {
  readonly url: string
  readonly status: number
  readonly value: unknown
}): string => {
  const { url, status, value } = given
  const answer = typeof value === 'object' && value !== null ? value : {}
  const error = 'error' in answer ? `: ${String(answer.error)}` : ''
  const allowed = 'allowed' in answer ? `; allowed: ${allowedText(answer.allowed)}` : ''
  const hint = status === 401 ? ' (set HOLDFAST_ADMIN_TOKEN)' : ''
  return `${url} answered ${status}${error}${allowed}${hint}`
}

const allowedText = (allowed: unknown): string =>
  typeof allowed === 'string'
    ? allowed
    : Array.isArray(allowed)
      ? allowed.join(', ')
      : JSON.stringify(allowed)
