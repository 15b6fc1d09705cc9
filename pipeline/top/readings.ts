/** What a metrics page says of single metrics. */
export type Readings = {
  /** 0: there is none. */
  readonly value: (name: string) => number
  /** Empty: there is none. */
  readonly label: (name: string, label: string) => string
}

export const readingsIn = (page: string): Readings => {
  const lineOf = (name: string): string =>
    page.match(new RegExp(`^${name}(?:\\{.*\\})? .*$`, 'm'))?.[0] ?? ''
  return {
    value: (name) => Number(/ (\S+)$/.exec(lineOf(name))?.[1] ?? 0),
    label: (name, label) => new RegExp(`[{,]${label}="([^"\\\\]*)"`).exec(lineOf(name))?.[1] ?? '',
  }
}
