/**
 * Between the base URL of an endpoint and the URL that is posted to. A base may have a path, with or
 * without a slash at its end, and a query, which is kept.
 */
const suffix = '/v1/logs'
const locationCharsMax = 2048

/** `undefined` for what is no http(s) URL. */
export const targetOf = (base: string): URL | undefined => {
  const url = URL.parse(base)
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) return undefined
  url.pathname = `${url.pathname.replace(/\/+$/, '')}${suffix}`
  return withoutSecrets(url)
}

/**
 * The base that a Location names, absolute or relative to what was posted to. Where its path ends in
 * /v1/logs, that is taken off, so that it comes back when the base is used; where it does not, the
 * whole is taken as a base, as receivers that move to another host tend to name the host alone.
 * `null` where there is no Location, or none that is a URL.
 */
export const baseOf = (location: string | undefined, target: URL): string | null => {
  if (location === undefined || location.trim() === '') return null
  if (location.length > locationCharsMax) return null
  const url = URL.parse(location.trim(), target.href)
  if (url === null) return null
  const path = url.pathname.replace(/\/+$/, '')
  if (path.endsWith(suffix)) url.pathname = path.slice(0, -suffix.length)
  const base = withoutSecrets(url).href
  return url.pathname === '/' && url.search === '' ? base.replace(/\/$/, '') : base
}

/** A URL ends up in logs and in the history of the endpoint; a password in it must not. */
const withoutSecrets = (url: URL): URL => {
  url.username = ''
  url.password = ''
  url.hash = ''
  return url
}
