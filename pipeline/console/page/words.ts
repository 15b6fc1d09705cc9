/** Numbers, sizes and times as people read them. */
const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })
const short = new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 })

export const count = (value: number): string => whole.format(value)
/** 1,234,567 as 1.2M; numbers that are not long as they are. */
export const shortCount = (value: number): string =>
  Math.abs(value) < 100_000 ? whole.format(value) : short.format(value)

export const rateText = (perSecond: number): string => {
  if (perSecond === 0) return '0/s'
  if (perSecond < 10) return `${perSecond.toFixed(1)}/s`
  return `${shortCount(perSecond)}/s`
}

const byteUnits = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const
export const bytesText = (bytes: number): string => {
  const step = Math.min(byteUnits.length - 1, bytes < 1 ? 0 : Math.floor(Math.log2(bytes) / 10))
  const value = bytes / 1024 ** step
  return `${value < 10 && step > 0 ? value.toFixed(1) : whole.format(value)} ${byteUnits[step]}`
}

/** 95 s as 1 min 35 s: the two largest units. */
export const durationText = (ms: number): string => {
  if (ms < 1_000) return `${Math.round(ms)} ms`
  if (ms < 10_000) return `${(ms / 1_000).toFixed(1)} s`
  const seconds = Math.floor(ms / 1_000)
  const parts: [number, string][] = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3_600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ]
  const first = parts.findIndex(([value]) => value > 0)
  return parts
    .slice(first, first + 2)
    .filter(([value]) => value > 0)
    .map(([value, unit]) => `${value} ${unit}`)
    .join(' ')
}

const time = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium', timeZone: 'UTC' })
const day = new Intl.DateTimeFormat('en-GB', { day: '2-digit', month: 'short', timeZone: 'UTC' })
const weekday = new Intl.DateTimeFormat('en-GB', { weekday: 'short', timeZone: 'UTC' })
const thisYear = new Date().getUTCFullYear()

/** All times are UTC, as in the log and in every report. */
export const timeText = (at: string | number): string => time.format(new Date(at))
/** To the millisecond, of one day. */
export const momentText = (atMs: number): string =>
  `${timeText(atMs)}.${String(atMs % 1_000).padStart(3, '0')}`
export const minuteText = (at: string | number): string => timeText(at).slice(0, 5)
export const dayText = (at: string | number): string => day.format(new Date(at))
export const weekdayText = (at: string | number): string => weekday.format(new Date(at))
/** The year is said where it is another one. */
export const instantText = (at: string | number): string => {
  const year = new Date(at).getUTCFullYear()
  return `${dayText(at)} ${year === thisYear ? '' : `${year} `}${timeText(at)}`
}
/** With the year and the milliseconds. */
export const exactText = (at: string): string => at.replace('T', ' ').replace('Z', ' UTC')

/** For how long something has been so, in whole seconds. */
export const sinceText = (at: string | number, nowMs: number): string => {
  const seconds = Math.floor((nowMs - new Date(at).getTime()) / 1_000)
  return seconds < 1 ? 'just now' : `for ${wholeSecondsText(seconds)}`
}
export const agoText = (at: string | number, nowMs: number): string => {
  const seconds = Math.floor((nowMs - new Date(at).getTime()) / 1_000)
  return seconds < 1 ? 'just now' : `${wholeSecondsText(seconds)} ago`
}
/** In one piece, so that no line ends between a number and its unit. */
export const ageText = (at: string, nowMs: number): string =>
  wholeSecondsText(Math.max(0, Math.floor((nowMs - Date.parse(at)) / 1_000))).replaceAll(
    ' ',
    '\u00a0',
  )
const wholeSecondsText = (seconds: number): string =>
  seconds < 60 ? `${seconds} s` : durationText(seconds * 1_000)

export const plural = (value: number, one: string, many = `${one}s`): string =>
  `${count(value)} ${value === 1 ? one : many}`

/** `redirectInFlight` as `redirect in flight`. */
export const stateText = (value: string): string =>
  value.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)

/** `cache/3` is the cache of a shard. */
export const cacheText = (cache: string): string =>
  cache.startsWith('cache/') ? `Shard ${cache.slice('cache/'.length)}` : 'The cache'

export const reasonTexts: Readonly<Record<string, string>> = {
  cache_overwritten: 'Cache overwritten',
  cache_corrupt: 'Cache corrupt',
  rejected_by_endpoint: 'Rejected by endpoint',
  partially_rejected: 'Partly rejected',
  expired: 'Expired',
  filtered: 'Filtered',
  source_overrun: 'Source overrun',
  operator_purged: 'Purged by operator',
}
export const reasonText = (reason: string): string => reasonTexts[reason] ?? reason
