import { type Read, read, wrong } from './fault.ts'

const msPer: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}
const bytesPer: Readonly<Record<string, number>> = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
}
export const durationPattern = String.raw`^(0|(\d+(\.\d+)?(ms|s|m|h|d))+)$`
export const bytesPattern = String.raw`^\d+(\.\d+)?\s*(B|KB|MB|GB|TB|KiB|MiB|GiB|TiB)?$`
const durationAllowed = 'allowed: 0, or a number with a unit, such as 200ms, 10s, 1m, 2h, 7d'
const bytesAllowed = 'allowed: bytes, or a number with a unit, such as 500KB, 8MiB, 1GiB'

/** `10s`, `1m30s`, `0` → milliseconds, a whole number. */
export const durationMs = (text: string): Read<number> => {
  if (!new RegExp(durationPattern).test(text))
    return /^\d+(\.\d+)?$/.test(text)
      ? wrong(`${text} has no unit`, durationAllowed)
      : wrong(`"${text}" is no duration`, durationAllowed)
  const ms = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * (msPer[unit ?? ''] ?? Number.NaN),
    0,
  )
  const whole = Math.round(ms)
  return Number.isSafeInteger(whole)
    ? read(whole)
    : wrong(`"${text}" is longer than can be counted`, durationAllowed)
}

/** `1GiB`, `500KB`, `4096` → bytes, a whole number. */
export const byteCount = (text: string): Read<number> => {
  const [, count, unit = 'B'] = /^(\d+(?:\.\d+)?)\s*([A-Za-z]+)?$/.exec(text) ?? []
  if (count === undefined) return wrong(`"${text}" is no size`, bytesAllowed)
  const factor = Object.hasOwn(bytesPer, unit) ? bytesPer[unit] : undefined
  if (factor === undefined) return wrong(`"${unit}" is no unit of size`, bytesAllowed)
  const bytes = Math.round(Number(count) * factor)
  return Number.isSafeInteger(bytes)
    ? read(bytes)
    : wrong(`"${text}" is larger than can be counted`, bytesAllowed)
}

/** The largest unit that shows a duration without a fraction. */
export const durationText = (ms: number): string =>
  ms === 0 ? '0' : largest(ms, ['d', 'h', 'm', 's', 'ms'], msPer)

export const byteText = (bytes: number): string =>
  bytes === 0 ? '0' : largest(bytes, ['TiB', 'GiB', 'MiB', 'KiB', 'B'], bytesPer)

const largest = (
  value: number,
  units: readonly string[],
  factors: Readonly<Record<string, number>>,
): string => {
  const unit = units.find((name) => value % (factors[name] ?? 1) === 0) ?? units.at(-1) ?? ''
  return `${value / (factors[unit] ?? 1)}${unit}`
}
