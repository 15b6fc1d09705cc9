/** A receiver may ask for a pause of an hour at most: a typing error there must not stop us for days. */
export const retryAfterMsMax = 3_600_000

/** IMF-fixdate, the one form of an HTTP-date that may still be sent, and the two older ones. */
const httpDate = /^[A-Z][a-z]{2,8},? [\d A-Za-z:-]{15,30}$/

/**
 * Retry-After: whole seconds, or an HTTP-date. Bounded to 0 … an hour; `null` where there is none or
 * it says nothing.
 * @see RFC 9110 §10.2.3
 */
export const retryAfterMs = (value: string | undefined, nowMs: number): number | null => {
  const text = value?.trim() ?? ''
  if (/^\d{1,15}$/.test(text)) return bounded(Number(text) * 1000)
  if (!httpDate.test(text)) return null
  const atMs = Date.parse(text)
  return Number.isNaN(atMs) ? null : bounded(atMs - nowMs)
}

const bounded = (ms: number): number => Math.min(Math.max(ms, 0), retryAfterMsMax)
