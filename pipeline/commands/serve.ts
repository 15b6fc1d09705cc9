import type { Level, Log } from '../../infra/telemetry/log.ts'
import type { Telemetry } from '../../infra/telemetry/telemetry.ts'
import { openReadings } from '../admin/metrics-page.ts'
import { openAdmin } from '../admin/server.ts'
import { type Listen, listenText } from '../config/addresses.ts'
import type { Config } from '../config/config.ts'
import type { Observed, RunningPipeline } from '../observed.ts'
import { openSentinel, type Sentinel } from '../sentinel/sentinel.ts'
import { startFailure } from '../start-failure.ts'
import { StoppedWhileStartingError } from '../stopped-while-starting.ts'

/** What a served pipeline is made of, besides the admin API. */
export type Parts = {
  readonly startPipeline: (
    config: Config,
    environment: { readonly log: Log; readonly telemetry?: Telemetry | undefined },
  ) => Promise<RunningPipeline>
  readonly openReceiver: (options: {
    readonly listen: Listen
    readonly directory: string
    readonly log: Log
  }) => Promise<{ readonly url: string; readonly close: () => Promise<void> }>
}

/** The one line on stdout, once everything listens, with the real ports. */
export type Ready = {
  readonly event: 'ready'
  readonly admin: string
  readonly sources: Readonly<Record<string, string>>
  readonly receiver?: string
}

/** How long a stop may take beyond `shutdown_timeout`, to write down what is kept. */
const stopGraceMs = 10_000
const closeMsMax = 5_000

/**
 * One pipeline from its start to the exit status of its process: 0 after it was told to stop, 1 when
 * it failed. The receiver comes up first and goes last, and the admin API is up while the pipeline
 * starts and stops: probes are answered throughout.
 */
export const serve = async (given: {
  readonly config: Config
  readonly parts: Parts
  readonly log: Log
  /** Closed at the end, after everything that it tells of. */
  readonly telemetry?: Telemetry | undefined
  /** For what the sentinel logs by itself. */
  readonly level: Level
  /** Resolves with the name of what told the process to stop. */
  readonly interrupted: Promise<string>
  readonly ready: (ready: Ready) => void
  /** Called once it stops; the answer, when it has. */
  readonly stopping?: (observed: Observed) => () => void
}): Promise<0 | 1> => {
  const { config, parts, log, telemetry, interrupted, ready } = given
  const closers: (() => Promise<void>)[] = telemetry === undefined ? [] : [telemetry.close]
  let running: RunningPipeline | null = null
  try {
    const receiver = await receiverOf(given)
    if (receiver !== null) closers.push(receiver.close)
    const guarded = await guard(given, () => running)
    closers.push(guarded.close)
    const { sentinel } = guarded
    running = await parts.startPipeline(config, { log, telemetry })
    sentinel.watch(running)
    const { observed } = running
    const readings = openReadings()
    telemetry?.watch(() => readings(observed))
    ready({
      event: 'ready',
      admin: sentinel.url,
      sources: running.sources,
      ...(receiver === null ? {} : { receiver: receiver.url }),
    })
    log.info('pipeline.started', 'Everything listens.', {
      producer: running.observed.producer,
      admin: sentinel.url,
      sources: running.sources,
    })
    return await ended({
      running,
      failed: Promise.race([running.failed, sentinel.failed]),
      interrupted,
      log,
      stopping: given.stopping ?? (() => () => undefined),
      stopMsMax: config.shutdownTimeoutMs + stopGraceMs,
    })
  } catch (error) {
    if (error instanceof StoppedWhileStartingError) {
      log.info('pipeline.stopped', error.message)
      return 0
    }
    log.error(
      'run.failed',
      'Holdfast could not start; it exits with status 1. What is on disk is kept.',
      { error: startFailure(error) },
    )
    return 1
  } finally {
    for (const close of closers.reverse()) await closing(close, log)
  }
}

/** The admin API, and before it the sentinel, on whose thread the outside reaches it. */
const guard = async (
  { config, level, log }: { readonly config: Config; readonly level: Level; readonly log: Log },
  running: () => RunningPipeline | null,
): Promise<{ readonly sentinel: Sentinel; readonly close: () => Promise<void> }> => {
  let sentinel: Sentinel | undefined
  const observed = (): Observed | null => {
    const seen = running()?.observed
    return seen === undefined ? null : (sentinel?.seen(seen) ?? seen)
  }
  const { listen, token, inspect } = config.admin
  const admin = await openAdmin({ listen: inside, known: listen, token, inspect, observed, log })
  try {
    const upstream = { ...inside, port: Number(new URL(admin.url).port) }
    const { stallAfterMs } = config.sentinel
    sentinel = await openSentinel({ listen, upstream, stallAfterMs, level, log })
  } catch (cause) {
    await admin.close()
    throw cause
  }
  const { close } = sentinel
  return {
    sentinel,
    close: async () => {
      await close()
      await admin.close()
    },
  }
}
/** Where the sentinel hands calls on to. Whoever calls there meets the same gate as outside. */
const inside: Listen = { host: '127.0.0.1', port: 0 }

const receiverOf = async ({
  config,
  parts,
  log,
}: {
  readonly config: Config
  readonly parts: Parts
  readonly log: Log
}) => {
  if (config.receiver === null) return null
  try {
    return await parts.openReceiver({ ...config.receiver, log })
  } catch (cause) {
    const at = listenText(config.receiver.listen)
    throw new Error(
      `The receiver could not be opened on ${at}; free the address, choose another receiver.listen, or leave the receiver out.`,
      { cause },
    )
  }
}

/** Waits for whichever comes first, a word to stop or a failure, and stops. */
const ended = async (given: {
  readonly running: RunningPipeline
  readonly failed: Promise<Error>
  readonly interrupted: Promise<string>
  readonly log: Log
  readonly stopping: (observed: Observed) => () => void
  readonly stopMsMax: number
}): Promise<0 | 1> => {
  const { running, interrupted, log, stopping, stopMsMax } = given
  const failure = given.failed.then((error) => ({ kind: 'failed' as const, error }))
  const end = await Promise.race([
    failure,
    interrupted.then((signal) => ({ kind: 'interrupted' as const, signal })),
  ])
  if (end.kind === 'failed')
    log.error('pipeline.failed', 'The pipeline cannot go on; what is on disk is kept.', {
      error: end.error,
    })
  else
    log.info('stop.requested', 'Finishing what is in flight; a second signal exits at once.', {
      signal: end.signal,
    })
  const stopped = stopping(running.observed)
  const stop = await within(
    Promise.race([running.stop().then(() => ({ kind: 'stopped' as const })), failure]),
    stopMsMax,
  )
  stopped()
  if (end.kind === 'failed') return 1
  if (stop === 'late')
    log.error(
      'stop.overdue',
      `The stop took more than ${stopMsMax} ms; the process exits without it.`,
    )
  else if (stop.kind === 'failed')
    log.error('stop.failed', 'The pipeline failed while it stopped.', { error: stop.error })
  else {
    log.info('pipeline.stopped', 'What was not sent is kept on disk.')
    return 0
  }
  return 1
}

const closing = async (close: () => Promise<void>, log: Log): Promise<void> => {
  try {
    if ((await within(close(), closeMsMax)) === 'late')
      log.warn('close.overdue', `A server did not close within ${closeMsMax} ms.`)
  } catch (error) {
    log.warn('close.failed', 'A server did not close; the process exits all the same.', { error })
  }
}

const within = async <Value>(
  pending: Promise<Value>,
  timeoutMs: number,
): Promise<Value | 'late'> => {
  const late = Promise.withResolvers<'late'>()
  const timer = setTimeout(() => late.resolve('late'), timeoutMs)
  try {
    return await Promise.race([pending, late.promise])
  } finally {
    clearTimeout(timer)
  }
}
