/** Calls of the admin API. The token is kept for this tab alone, and is in no URL. */
export type Failure =
  /** A token is needed, or is not the right one. */
  | { readonly kind: 'unauthorised' }
  /** No answer at all. */
  | { readonly kind: 'unreachable'; readonly why: string }
  /** An answer that says no. */
  | { readonly kind: 'refused'; readonly status: number; readonly why: string }
export type Result<Value> = { readonly kind: 'answer'; readonly value: Value } | Failure

const tokenKey = 'holdfast.token'
const answerMsMax = 15_000
/** The console of one worker of many lies below a path of its own. */
const base = location.pathname.replace(/\/[^/]*$/, '')

export const tokenKept = (): string | null => sessionStorage.getItem(tokenKey)
export const keepToken = (token: string): void => sessionStorage.setItem(tokenKey, token)
export const forgetToken = (): void => sessionStorage.removeItem(tokenKey)

type Parameters = Readonly<Record<string, string | number | undefined>>

export const get = <Value>(path: string, parameters: Parameters = {}): Promise<Result<Value>> => {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(parameters))
    if (value !== undefined && value !== '') query.set(name, String(value))
  const text = query.toString()
  return call(text === '' ? path : `${path}?${text}`, { method: 'GET' })
}

export const put = <Value>(path: string, body: object): Promise<Result<Value>> =>
  call(path, { method: 'PUT', body: JSON.stringify(body) })

export const post = <Value>(path: string, body: object): Promise<Result<Value>> =>
  call(path, { method: 'POST', body: JSON.stringify(body) })

const call = async <Value>(path: string, init: RequestInit): Promise<Result<Value>> => {
  const token = tokenKept()
  const headers = {
    'content-type': 'application/json',
    ...(token === null ? {} : { authorization: `Bearer ${token}` }),
  }
  try {
    const response = await fetch(`${base}${path}`, {
      ...init,
      headers,
      signal: AbortSignal.timeout(answerMsMax),
      cache: 'no-store',
      credentials: 'omit',
    })
    if (response.status === 401) return { kind: 'unauthorised' }
    const answer = await response.json()
    if (response.ok) return { kind: 'answer', value: answer as Value }
    return { kind: 'refused', status: response.status, why: whyOf(answer, response.status) }
  } catch (cause) {
    return { kind: 'unreachable', why: cause instanceof Error ? cause.message : String(cause) }
  }
}

const whyOf = (answer: unknown, status: number): string => {
  const { error } = answer as { readonly error?: unknown }
  return typeof error === 'string' ? error : `it answered ${status}`
}

/** A sentence about a failure. */
export const failureText = (failure: Failure): string => {
  switch (failure.kind) {
    case 'unauthorised':
      return 'The admin token is missing or wrong.'
    case 'unreachable':
      return 'The process does not answer.'
    case 'refused':
      return `The process said no: ${failure.why}.`
  }
}
