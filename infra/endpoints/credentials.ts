import { validateHeaderName, validateHeaderValue } from 'node:http'

export type Headers = Readonly<Record<string, string>>

/** Whose headers are whose. Values may be secrets: they are sent, and shown nowhere. */
export type Origins = {
  /** The configured endpoint. Its headers go to exactly its scheme, host and port. */
  readonly url: string
  readonly headers: Headers
  /** Hosts that may be redirected to: `eu.example.net`, any port, or `eu.example.net:4318`. No wildcards. */
  readonly hosts: readonly { readonly host: string; readonly headers: Headers }[]
}

export type Credentials = {
  /** The headers that belong to where a request goes: of one entry or of none, never of two. */
  readonly headersFor: (target: URL) => Headers
  /** Takes every secret out of a text. A receiver may answer with the headers that it was sent. */
  readonly redact: (text: string) => string
}

/** What a request says of itself and of its connection is not for the configuration to change. */
const reserved =
  /^(host|content-.*|transfer-encoding|connection|keep-alive|te|trailer|upgrade|expect|accept-encoding|user-agent|idempotency-key|traceparent|holdfast-.*)$/

/** Shorter values are words such as `1` or `yes`, which would be taken out of every sentence. */
const secretCharsMin = 6

/** @throws {CredentialsError} for a header that cannot be sent, or that a request sets by itself. */
export const openCredentials = (origins: Origins, tenancyHeader: string): Credentials => {
  const configured = URL.parse(origins.url)
  if (configured === null) throw new CredentialsError('The endpoint has no valid url.')
  const own = checked(origins.headers, { of: configured.origin, tenancyHeader })
  const hosts = origins.hosts.map((entry) => ({
    host: checkedHost(entry.host),
    headers: checked(entry.headers, { of: entry.host, tenancyHeader }),
  }))
  // Longest first: a secret that contains another must not leave its remains.
  const secrets = [own, ...hosts.map(({ headers }) => headers)]
    .flatMap(secretsOf)
    .sort((one, other) => other.length - one.length)

  return {
    headersFor: (target) => {
      if (target.origin === configured.origin) return own
      // Never a secret in clear where the configured endpoint would have had it encrypted.
      if (configured.protocol === 'https:' && target.protocol !== 'https:') return {}
      const entry = hosts.find(({ host }) => host === target.hostname || host === portOf(target))
      return entry?.headers ?? {}
    },
    redact: (text) =>
      secrets.reduce((clean, secret) => clean.replaceAll(secret, '[redacted]'), text),
  }
}

export class CredentialsError extends Error {
  override readonly name = 'CredentialsError'
}

const defaultPorts: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' }
const portOf = (url: URL): string =>
  `${url.hostname}:${url.port === '' ? defaultPorts[url.protocol] : url.port}`

const checkedHost = (host: string): string => {
  if (!/^[^*/@\s]+$/.test(host))
    throw new CredentialsError(
      `Headers were given for the host pattern "${host}"; only a host without wildcards can have them.`,
    )
  return host.toLowerCase()
}

const checked = (headers: Headers, at: { of: string; tenancyHeader: string }): Headers =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => {
      const lower = name.toLowerCase()
      if (reserved.test(lower) || lower === at.tenancyHeader.toLowerCase())
        throw new CredentialsError(
          `The header "${name}" of ${at.of} cannot be configured: every request sets it by itself.`,
        )
      if (!isHeader(lower, value))
        throw new CredentialsError(`The header "${name}" of ${at.of} is no valid HTTP header.`)
      return [lower, value]
    }),
  )

const isHeader = (name: string, value: string): boolean => {
  try {
    validateHeaderName(name)
    validateHeaderValue(name, value)
    return true
  } catch (cause) {
    if (cause instanceof TypeError) return false
    throw cause
  }
}

/** `Bearer abc` is a secret as a whole and in its second word. */
const secretsOf = (headers: Headers): readonly string[] =>
  Object.values(headers)
    .flatMap((value) => [value, ...value.split(/\s+/).slice(1)])
    .filter((secret) => secret.length >= secretCharsMin)
