/** Which endpoints a route may be sent to. */

/** Why a target is not allowed, or `null`. */
export const targetFault = (
  target: string | null,
  from: { readonly url: string; readonly configured: string; readonly allow: readonly string[] },
): string | null => {
  if (target === null) return 'the redirect names no Location'
  if (!URL.canParse(target)) return `"${target}" is not a URL`
  const url = new URL(target)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    return `the scheme of ${url.origin} is neither http nor https`
  }
  if (url.username !== '' || url.password !== '') {
    return 'a URL with credentials in it is not taken: set headers for its origin'
  }
  if (new URL(from.url).protocol === 'https:' && url.protocol === 'http:') {
    return `from https to http (${url.origin}) would send in the clear`
  }
  const allowed = [new URL(from.configured).hostname, ...from.allow]
  if (allowed.some((pattern) => matches(pattern, url))) return null
  return `the host ${url.host} is not in endpoint.redirects.allow (${allowed.join(', ')})`
}

/** `eu.example.net`, `eu.example.net:4318`, or `*.example.com` for every host below example.com. */
const matches = (pattern: string, url: URL): boolean => {
  const wanted = pattern.toLowerCase()
  if (wanted.startsWith('*.')) return url.hostname.endsWith(wanted.slice(1))
  return wanted === url.hostname || wanted === `${url.hostname}:${portOf(url)}`
}

/** URL leaves out the port that a scheme has by itself; a pattern may name it. */
const portOf = ({ port, protocol }: URL): string => port || (protocol === 'https:' ? '443' : '80')

/** The same endpoint, however it is spelled. */
export const isSameTarget = (a: string, b: string): boolean => normal(a) === normal(b)

const normal = (url: string): string => new URL(url).href.replace(/\/+$/, '')
