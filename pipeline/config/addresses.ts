import { validateHeaderName, validateHeaderValue } from 'node:http'
import { isIP } from 'node:net'
import { type Read, read, wrong } from './fault.ts'

/** Where to listen. Port 0 takes any that is free. */
export type Listen = { readonly host: string; readonly port: number }

const listenAllowed =
  'allowed: host:port, such as 127.0.0.1:4318, [::1]:4318, localhost:0, or :4318 for every interface'
const portMax = 65_535
const hostCharsMax = 253
const label = '[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?'
const hostName = new RegExp(`^${label}(\\.${label})*$`, 'i')

export const listenAddress = (text: string): Read<Listen> => {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]*)\]|([^:[\]]*)):(\d{1,5})$/.exec(text) ?? []
  if (digits === undefined)
    return wrong(
      isIP(text) === 6 ? `"${text}" has no port` : `"${text}" is no address to listen on`,
      listenAllowed,
    )
  const port = Number(digits)
  if (port > portMax) return wrong(`port ${port} is above ${portMax}`, listenAllowed)
  if (bracketed !== undefined)
    return isIP(bracketed) === 6
      ? read({ host: bracketed, port })
      : wrong(`"${bracketed}" is no IPv6 address`, listenAllowed)
  const host = plain === undefined || plain === '' || plain === '*' ? '0.0.0.0' : plain
  return isHost(host)
    ? read({ host, port })
    : wrong(`"${host}" is neither an address nor a host name`, listenAllowed)
}

/** `127.0.0.1:4318`, `[::1]:4318` */
export const listenText = ({ host, port }: Listen): string =>
  `${isIP(host) === 6 ? `[${host}]` : host}:${port}`

/** Whether only this machine can reach it. */
export const isLoopback = (host: string): boolean =>
  host.toLowerCase() === 'localhost' ||
  host === '::1' ||
  (isIP(host) === 4 && host.startsWith('127.'))

const urlAllowed =
  'allowed: an http:// or https:// base URL, such as http://127.0.0.1:4319; /v1/logs is appended'

const webhookAllowed =
  'allowed: an http:// or https:// URL, such as https://hooks.example.com/holdfast'

/** The base URL of an endpoint, as it was written. What is wrong with it never repeats the URL. */
export const endpointUrl = (text: string): Read<string> => {
  const known = webUrl(text, { allowed: urlAllowed, headers: 'endpoint.headers' })
  if (known.kind === 'wrong') return known
  const url = new URL(text)
  if (text.includes('?') || text.includes('#'))
    return wrong('a base URL has neither a query nor a fragment', urlAllowed)
  if (/\/v1\/logs\/*$/.test(url.pathname))
    return wrong('the base URL ends in /v1/logs', `${urlAllowed} to it`)
  return read(text)
}

/** The URL of a webhook, as it was written. What is wrong with it never repeats the URL. */
export const webhookUrl = (text: string): Read<string> => {
  const known = webUrl(text, { allowed: webhookAllowed, headers: 'the headers of the webhook' })
  if (known.kind === 'wrong') return known
  return text.includes('#') ? wrong('a webhook has no fragment', webhookAllowed) : known
}

const webUrl = (
  text: string,
  { allowed, headers }: { readonly allowed: string; readonly headers: string },
): Read<string> => {
  if (!URL.canParse(text)) return wrong('this is no absolute URL', allowed)
  const url = new URL(text)
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    return wrong('this is neither an http:// nor an https:// URL', allowed)
  if (url.username !== '' || url.password !== '')
    return wrong(
      'a URL must not carry credentials, since it is shown and logged',
      `allowed: credentials in ${headers}, such as authorization: "Bearer \${INGEST_TOKEN}"`,
    )
  return read(text)
}

const patternAllowed =
  'allowed: a host, such as eu.example.net or 10.0.0.7, or *.example.com for all below it, with a port or without'

/** Hosts that redirects may lead to: `eu.example.net`, `*.example.com`, `10.0.0.7:4318`, `[::1]`. */
export const hostPattern = (text: string): Read<string> => {
  if (text === '*' || text === '*.')
    return wrong('"*" would let an endpoint send your records to anyone', patternAllowed)
  if (text.includes('/')) return wrong(`"${text}" is more than a host`, patternAllowed)
  const [, wildcard, bracketed, plain, digits] =
    /^(\*\.)?(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(text) ?? []
  const host = bracketed ?? plain ?? ''
  const known =
    bracketed === undefined
      ? isHost(host) && (wildcard === undefined || isIP(host) === 0)
      : isIP(host) === 6 && wildcard === undefined
  const port = digits === undefined ? 1 : Number(digits)
  return known && port >= 1 && port <= portMax
    ? read(text.toLowerCase())
    : wrong(`"${text}" is no pattern of hosts`, patternAllowed)
}

const isHost = (host: string): boolean =>
  isIP(host) === 4 ||
  // All digits and dots is an address with a mistake in it, not a name.
  (host.length <= hostCharsMax && hostName.test(host) && !/^[\d.]+$/.test(host))

/** Headers that say what is in the request; a configured one would make it lie. */
const ours =
  /^(holdfast-.*|webhook-.*|host|connection|content-(type|length|encoding)|transfer-encoding|expect|idempotency-key|traceparent|keep-alive|upgrade|te|trailer)$/

/** The name of a request header, in lower case. */
const headerName = (text: string): Read<string> => {
  const name = text.toLowerCase()
  return attempt(() => validateHeaderName(name))
    ? read(name)
    : wrong(
        `"${text}" is no name of an HTTP header`,
        "allowed: letters, digits and any of !#$%&'*+-.^_`|~",
      )
}

/** The header that names the tenant, which is sent beside ours and must not be one of them. */
export const tenancyHeader = (text: string): Read<string> => {
  const known = headerName(text)
  return known.kind === 'read' && ours.test(known.value)
    ? wrong(`${known.value} is set by Holdfast itself`, 'allowed: any other header')
    : known
}

/** A header to be sent with each request. What is wrong with it never repeats the value. */
export const header = (name: string, value: string): Read<readonly [string, string]> => {
  const known = headerName(name)
  if (known.kind === 'wrong') return known
  if (ours.test(known.value))
    return wrong(`${known.value} is set by Holdfast itself`, 'allowed: any other header')
  return attempt(() => validateHeaderValue(known.value, value)) && value !== ''
    ? read([known.value, value])
    : wrong(
        value === ''
          ? `the value of ${known.value} is empty`
          : `the value of ${known.value} has a character that no header may carry`,
        'allowed: printable text on one line',
      )
}

/** Node says by throwing that a header is invalid; here that is an answer. */
const attempt = (validate: () => void): boolean => {
  try {
    validate()
    return true
  } catch (cause) {
    if (cause instanceof TypeError) return false
    throw cause
  }
}
