/** The view in the terminal, from its first sample until somebody leaves. */
import { setTimeout as after } from 'node:timers/promises'
import { CommandError } from '../commands/command.ts'
import { frameOf } from './frame.ts'
import type { Sample } from './sample.ts'
import type { Screen } from './screen.ts'
import { openTrend, type Trend } from './trend.ts'
import { initialView, pressed, type View } from './view.ts'

const tickMs = 1_000
/** An answer that takes so long is said to be missing. */
const silenceMsMax = 3_000
/** Of the time that a sample took: a large account is asked for less often, but not much less. */
const restRatio = 8
const restMsMax = 5_000
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Resolves once somebody leaves. Rejects when the first sample cannot be had. */
export const showLive = async (given: {
  readonly address: string
  readonly sample: () => Promise<Sample>
  readonly intervalMs: number
  readonly openScreen: () => Screen
}): Promise<void> => {
  const { address, intervalMs } = given
  const trend = openTrend()
  let askedAtMs: number | null = null
  const sample = async (): Promise<Sample> => {
    askedAtMs = Date.now()
    try {
      return await given.sample()
    } finally {
      askedAtMs = null
    }
  }
  // What fails at once is wrong, and is said on the terminal as it was.
  const firstSample = await sample()
  const screen = given.openScreen()
  const ended = new AbortController()
  const leave = (): void => ended.abort()
  let view: View = seenNow(initialView(address, Date.now()), firstSample, trend)
  const draw = (): void => {
    view = { ...view, nowMs: Date.now() }
    const { lines, first } = frameOf(view, screen.size())
    view = { ...view, first }
    screen.draw(lines)
  }
  try {
    for (const signal of signals) process.on(signal, leave)
    screen.onResize(draw)
    screen.onKey((key) => {
      const next = pressed(view, key)
      if (next === 'quit') return leave()
      if (next === 'suspend') return screen.suspend()
      view = next
      draw()
    })
    draw()
    const ticking = setInterval(() => {
      view = silent(view, askedAtMs)
      draw()
    }, tickMs)
    ended.signal.addEventListener('abort', () => clearInterval(ticking))
    await watch({
      sample,
      intervalMs,
      signal: ended.signal,
      took: (next) => {
        if (view.mode === 'frozen') trend(next)
        else view = seenNow(view, next, trend)
        draw()
      },
      failed: (message) => {
        // The address is on the screen already.
        const why = message.replace(/^https?:\S+ /, '')
        view = { ...view, away: { sinceMs: view.away?.sinceMs ?? Date.now(), why } }
        draw()
      },
    })
  } finally {
    ended.abort()
    for (const signal of signals) process.off(signal, leave)
    screen.leave()
  }
}

const seenNow = (view: View, sample: Sample, trend: (sample: Sample) => Trend): View => ({
  ...view,
  away: null,
  seen: { sample, trend: trend(sample) },
})

/** Somebody who does not answer is away, though nobody has said so yet. */
const silent = (view: View, askedAtMs: number | null): View =>
  view.away !== null || askedAtMs === null || Date.now() - askedAtMs < silenceMsMax
    ? view
    : { ...view, away: { sinceMs: askedAtMs, why: 'no answer yet' } }

/** Takes samples until the signal: also of a process that goes away and comes back. */
export const watch = async (given: {
  readonly sample: () => Promise<Sample>
  readonly intervalMs: number
  readonly signal: AbortSignal
  readonly took: (sample: Sample) => void
  readonly failed: (why: string) => void
}): Promise<void> => {
  const { sample, intervalMs, signal } = given
  const stopped = new Promise<'stopped'>((resolve) => {
    signal.addEventListener('abort', () => resolve('stopped'))
  })
  let restMs = intervalMs
  while (!signal.aborted) {
    if ((await Promise.race([after(restMs), stopped])) === 'stopped') return
    const beganMs = performance.now()
    const result = await Promise.race([attempt(sample), stopped])
    if (result === 'stopped') return
    if (result.kind === 'taken') given.took(result.sample)
    else given.failed(result.why)
    const tookMs = performance.now() - beganMs
    restMs = Math.max(intervalMs - tookMs, Math.min(tookMs * restRatio, restMsMax))
  }
}

type Attempt =
  | { readonly kind: 'taken'; readonly sample: Sample }
  | { readonly kind: 'failed'; readonly why: string }

const attempt = async (sample: () => Promise<Sample>): Promise<Attempt> => {
  try {
    return { kind: 'taken', sample: await sample() }
  } catch (cause) {
    if (!(cause instanceof CommandError)) throw cause
    return { kind: 'failed', why: cause.message }
  }
}
