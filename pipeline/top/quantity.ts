/** Numbers as short as they can be read at a glance. */

const units = ['', 'k', 'M', 'G', 'T', 'P'] as const
const byteUnits = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const

/** `1,234,567` as long as it fits, else `1.23M`. */
export const countText = (value: number, width = 9): string => {
  const whole = Math.round(value).toLocaleString('en-US')
  return whole.length <= width ? whole : scaled(value, { base: 1_000, units })
}

export const bytesText = (value: number): string => {
  const [number, unit] = split(value, { base: 1_024, units: byteUnits })
  return `${number} ${unit}`
}

/** `12/s`, `1.2k/s`. */
export const rateText = (perSecond: number): string =>
  perSecond < 1_000
    ? `${perSecond > 0 && perSecond < 10 ? perSecond.toFixed(1) : Math.round(perSecond)}/s`
    : `${scaled(perSecond, { base: 1_000, units })}/s`

/** `0.4s`, `12s`, `3m 20s`, `2h 5m`, `4d 3h`. */
export const ageText = (ms: number): string => {
  const seconds = Math.max(0, ms) / 1_000
  if (seconds < 10) return `${seconds.toFixed(1)}s`
  const whole = Math.floor(seconds)
  if (whole < 60) return `${whole}s`
  if (whole < 3_600) return `${Math.floor(whole / 60)}m ${whole % 60}s`
  if (whole < 86_400) return `${Math.floor(whole / 3_600)}h ${Math.floor((whole % 3_600) / 60)}m`
  return `${Math.floor(whole / 86_400)}d ${Math.floor((whole % 86_400) / 3_600)}h`
}

/** The time of day here, since a person compares it with a clock. */
export const clockText = (ms: number): string =>
  new Date(ms).toLocaleTimeString('en-GB', { hour12: false })

type Scale = { readonly base: number; readonly units: readonly string[] }
const scaled = (value: number, scale: Scale): string => split(value, scale).join('')
const split = (value: number, { base, units: names }: Scale): readonly [string, string] => {
  let rest = value
  let power = 0
  while (rest >= base * 0.9995 && power < names.length - 1) {
    rest /= base
    power += 1
  }
  const digits = power === 0 || rest >= 100 ? 0 : rest >= 10 ? 1 : 2
  return [rest.toFixed(digits), names[power] ?? '']
}

const bars = '▁▂▃▄▅▆▇█'

/** The newest values, on a scale from 0 to the largest of them. */
export const sparkline = (values: readonly number[], width: number): string => {
  const shown = values.slice(-width)
  const max = Math.max(...shown, 0)
  const text = shown
    .map((value) =>
      max === 0 || value <= 0
        ? (bars[0] ?? '')
        : (bars[Math.min(bars.length - 1, Math.ceil((value / max) * bars.length) - 1)] ?? ''),
    )
    .join('')
  return text.padStart(width)
}
