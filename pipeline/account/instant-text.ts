const instantMsMax = 8.64e15

/** ISO 8601; null for 0, which stands for no time, and for what no date can be. */
export const isoOrNull = (ms: number): string | null =>
  ms > 0 && ms <= instantMsMax ? new Date(ms).toISOString() : null

/** ISO 8601; of what is later than any date the last one. */
export const instantText = (ms: number): string =>
  new Date(Math.min(ms, instantMsMax)).toISOString()
