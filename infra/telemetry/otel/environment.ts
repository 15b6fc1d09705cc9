/**
 * OpenTelemetry's own environment variables, as far as they say whether, where to and how much. What
 * the exporters read by themselves (headers, certificates, timeouts, compression) is left to them.
 * @see https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
 */
export type Environment = Readonly<Record<string, string | undefined>>

export const signals = ['traces', 'metrics', 'logs'] as const
export type Signal = (typeof signals)[number]
export const protocols = ['http/protobuf', 'http/json'] as const
export type Protocol = (typeof protocols)[number]

/** Where a signal goes. */
export type Target = { readonly url: URL; readonly protocol: Protocol }

export type Sampling = {
  readonly parentBased: 'parentBased' | 'alone'
  /** Of traces that start here, 0 to 1. */
  readonly ratio: number
}

export type TelemetrySettings = {
  readonly targets: Readonly<Partial<Record<Signal, Target>>>
  readonly sampling: Sampling
  readonly spans: Queue
  readonly events: Queue
  readonly metrics: { readonly intervalMs: number; readonly timeoutMs: number }
  /** What was not understood, in sentences, and what is done instead. */
  readonly notes: readonly string[]
}
export type Queue = {
  readonly lengthMax: number
  readonly exportMax: number
  readonly delayMs: number
  readonly timeoutMs: number
}

/** One trace in a hundred of those that start here: what that costs is in docs/telemetry.md. */
export const samplingDefault: Sampling = { parentBased: 'parentBased', ratio: 0.01 }

/** `undefined`: nobody asked for telemetry. */
export const telemetrySettings = (environment: Environment): TelemetrySettings | undefined => {
  const read = readerOf(environment)
  if (read.text('OTEL_SDK_DISABLED')?.toLowerCase() === 'true') return undefined
  const notes: string[] = []
  const targets = Object.fromEntries(
    signals.flatMap((signal) => {
      const target = targetOf(signal, read, notes)
      return target === undefined ? [] : [[signal, target]]
    }),
  )
  if (Object.keys(targets).length === 0 && notes.length === 0) return undefined
  return {
    targets,
    sampling: samplingOf(read, notes),
    spans: queueOf('OTEL_BSP', { delayMs: 5_000, read, notes }),
    events: queueOf('OTEL_BLRP', { delayMs: 1_000, read, notes }),
    metrics: {
      intervalMs: read.count('OTEL_METRIC_EXPORT_INTERVAL', 60_000, notes),
      timeoutMs: read.count('OTEL_METRIC_EXPORT_TIMEOUT', 30_000, notes),
    },
    notes,
  }
}

type Read = {
  /** Empty is the same as not there. */
  readonly text: (name: string) => string | undefined
  readonly count: (name: string, fallback: number, notes: string[]) => number
}

const readerOf = (environment: Environment): Read => {
  const text = (name: string): string | undefined => environment[name]?.trim() || undefined
  return {
    text,
    count: (name, fallback, notes) => {
      const said = text(name)
      if (said === undefined) return fallback
      if (/^[1-9]\d{0,8}$/.test(said)) return Number(said)
      notes.push(
        `${name} is "${said}", which is no number from 1 to 999999999: ${fallback} is taken.`,
      )
      return fallback
    },
  }
}

const targetOf = (signal: Signal, { text }: Read, notes: string[]): Target | undefined => {
  const name = signal.toUpperCase()
  const own = text(`OTEL_EXPORTER_OTLP_${name}_ENDPOINT`)
  const base = text('OTEL_EXPORTER_OTLP_ENDPOINT')
  const said = own ?? base
  if (said === undefined) return undefined
  const without = (why: string): undefined => {
    notes.push(`${why}: Holdfast runs without exporting ${signal}.`)
  }
  const exporter = text(`OTEL_${name}_EXPORTER`) ?? 'otlp'
  if (exporter === 'none') return undefined
  if (exporter !== 'otlp')
    return without(`OTEL_${name}_EXPORTER is "${exporter}"; allowed: otlp, none`)
  const protocol =
    text(`OTEL_EXPORTER_OTLP_${name}_PROTOCOL`) ??
    text('OTEL_EXPORTER_OTLP_PROTOCOL') ??
    'http/protobuf'
  const known = protocols.find((it) => it === protocol)
  if (known === undefined)
    return without(`The OTLP protocol is "${protocol}"; allowed: ${protocols.join(', ')}`)
  const url = URL.parse(own ?? `${said.replace(/\/$/, '')}/v1/${signal}`)
  if (url === null || !/^https?:$/.test(url.protocol))
    return without(`The OTLP endpoint for ${signal} is no http(s) URL`)
  return { url, protocol: known }
}

/** Those with no ratio here take the argument's. */
const samplers: Readonly<Record<string, Omit<Sampling, 'ratio'> & { readonly ratio?: number }>> = {
  always_on: { parentBased: 'alone', ratio: 1 },
  always_off: { parentBased: 'alone', ratio: 0 },
  traceidratio: { parentBased: 'alone' },
  parentbased_always_on: { parentBased: 'parentBased', ratio: 1 },
  parentbased_always_off: { parentBased: 'parentBased', ratio: 0 },
  parentbased_traceidratio: { parentBased: 'parentBased' },
}

const samplingOf = ({ text }: Read, notes: string[]): Sampling => {
  const name = text('OTEL_TRACES_SAMPLER')
  const known = name ?? 'parentbased_traceidratio'
  const sampler = Object.hasOwn(samplers, known) ? samplers[known] : undefined
  if (sampler === undefined) {
    const allowed = Object.keys(samplers).join(', ')
    notes.push(
      `OTEL_TRACES_SAMPLER is "${name}"; allowed: ${allowed}. One new trace in a hundred is sampled.`,
    )
    return samplingDefault
  }
  const argument = text('OTEL_TRACES_SAMPLER_ARG')
  const { parentBased, ratio: fixed } = sampler
  if (fixed !== undefined) return { parentBased, ratio: fixed }
  // By the specification a ratio that is not given is 1; without a sampler's name, ours is.
  const fallback = name === undefined ? samplingDefault.ratio : 1
  if (argument === undefined) return { parentBased, ratio: fallback }
  const ratio = Number(argument)
  if (ratio >= 0 && ratio <= 1) return { parentBased, ratio }
  notes.push(
    `OTEL_TRACES_SAMPLER_ARG is "${argument}", which is no ratio from 0 to 1: ${fallback} is taken.`,
  )
  return { parentBased, ratio: fallback }
}

const queueOf = (
  prefix: string,
  { delayMs, read, notes }: { delayMs: number; read: Read; notes: string[] },
): Queue => {
  const lengthMax = read.count(`${prefix}_MAX_QUEUE_SIZE`, 2_048, notes)
  return {
    lengthMax,
    exportMax: Math.min(read.count(`${prefix}_MAX_EXPORT_BATCH_SIZE`, 512, notes), lengthMax),
    delayMs: read.count(`${prefix}_SCHEDULE_DELAY`, delayMs, notes),
    timeoutMs: read.count(`${prefix}_EXPORT_TIMEOUT`, 30_000, notes),
  }
}
