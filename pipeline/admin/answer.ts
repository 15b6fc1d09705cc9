/** What a call of the admin API is answered with. */
export type Answer = {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: string | Uint8Array
}

export const json = (value: unknown, status = 200): Answer => ({
  status,
  headers: { 'content-type': 'application/json; charset=utf-8' },
  body: `${JSON.stringify(value)}\n`,
})

/** `{"error": what is wrong, "allowed": what would be right}` */
export const refusal = (given: {
  readonly status: number
  readonly error: string
  readonly allowed?: unknown
  readonly headers?: Readonly<Record<string, string>>
}): Answer => {
  const { status, error, allowed, headers } = given
  const plain = json(allowed === undefined ? { error } : { error, allowed }, status)
  return { ...plain, headers: { ...plain.headers, ...headers } }
}
