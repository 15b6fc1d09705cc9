import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { isLoopback, type Listen } from '../config/addresses.ts'
import { type Answer, refusal } from './answer.ts'

export type Gate = (headers: IncomingHttpHeaders) => Answer | undefined

/**
 * Who may call the admin API, but for the probes. With a token: whoever has it. Without one, it
 * listens on loopback only, and a browser is the way in for others: so the Host must be this
 * machine's (DNS rebinding), and a page of another origin may not call.
 */
export const openGate = (given: {
  readonly token: string | null
  readonly listen: Listen
}): Gate => {
  const { token, listen } = given
  const own = new Set([listen.host.toLowerCase()])
  return (headers) => {
    const { host = '', origin } = headers
    if (origin !== undefined && hostOf(origin) !== hostOf(`http://${host}`))
      return refusal({ status: 403, error: `a page of ${origin} may not call this` })
    if (token !== null) return authorised(headers.authorization, token) ? undefined : unauthorised()
    const name = hostNameOf(host)
    return isLoopback(name) || own.has(name)
      ? undefined
      : refusal({
          status: 403,
          error: `the Host "${host.slice(0, 256)}" is not this machine`,
          allowed: ['localhost', '127.0.0.1', '[::1]', ...own],
        })
  }
}

const unauthorised = (): Answer =>
  refusal({
    status: 401,
    error: 'this needs the admin token',
    allowed: 'Authorization: Bearer <admin.token>',
    headers: { 'www-authenticate': 'Bearer realm="holdfast"' },
  })

const authorised = (authorization: string | undefined, token: string): boolean => {
  const [, given] = /^Bearer +(.+)$/i.exec(authorization ?? '') ?? []
  // Digests have one length, so the comparison tells nothing, not even how long the token is.
  return given !== undefined && timingSafeEqual(digest(given), digest(token))
}
const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

const hostOf = (url: string): string | undefined =>
  URL.canParse(url) ? new URL(url).host : undefined

const hostNameOf = (host: string): string =>
  URL.canParse(`http://${host}`)
    ? new URL(`http://${host}`).hostname.replace(/^\[|\]$/g, '').toLowerCase()
    : ''
