/** Real runs, each with a fault or without one, and the alerts that have to fire on it: these, no other. */
import type { HoldfastProcess } from '../support/holdfast-process.ts'
import { sabotaged } from '../support/saboteur.ts'
import type { Sink } from '../support/sink.ts'
import type { Behaviour } from '../support/sink-behaviour.ts'

export type Cast = {
  readonly holdfast: HoldfastProcess
  readonly sink: Sink
  /** Somewhere else to send to, which takes everything. */
  readonly other: Sink
}
export type Scene = {
  readonly config?: object
  readonly flaw?: ReturnType<typeof sabotaged>
  /** What happens, after two minutes in which all was well. */
  readonly fault?: (cast: Cast) => void | Promise<void>
  /** What happens four minutes later. */
  readonly later?: (cast: Cast) => void | Promise<void>
  /** Changes one series, for what no run of the product is known to do. */
  readonly forged?: { readonly series: string; readonly by: number }
  readonly fires: readonly string[]
}

const status = (code: number): Behaviour => {
  return () => ({ kind: 'status', status: code })
}
const away = status(503)
const small = { capacity: '8MiB' }

export const scenes: Readonly<Record<string, Scene>> = {
  healthy: {
    // Small: it fills and empties by segments, which is no trend.
    config: { cache: { capacity: '64MiB' } },
    // An operator moves the endpoint, and it works.
    fault: async ({ holdfast, other }) => {
      await holdfast.redirect(other.url)
    },
    fires: [],
  },
  'a short outage': {
    fault: ({ sink }) => {
      sink.behave(away)
      setTimeout(() => sink.behave(() => ({ kind: 'accept' })), 60_000)
    },
    fires: [],
  },
  'a long outage': {
    config: { cache: { capacity: '64MiB' } },
    fault: ({ sink }) => sink.behave(away),
    fires: [
      'HoldfastCacheFilling',
      'HoldfastEndpointFailing',
      'HoldfastNotDelivering',
      'HoldfastRecordsWaitLong',
    ],
  },
  'an outage that overwrites': {
    config: { cache: small },
    fault: ({ sink }) => sink.behave(away),
    fires: [
      'HoldfastCacheFilling',
      'HoldfastEndpointFailing',
      'HoldfastNotDelivering',
      'HoldfastRecordsDropped',
    ],
  },
  'an outage that refuses': {
    config: { cache: { ...small, when_full: 'refuse' } },
    fault: ({ sink }) => sink.behave(away),
    fires: [
      'HoldfastCacheFilling',
      'HoldfastEndpointFailing',
      'HoldfastNotDelivering',
      'HoldfastNotReady',
      'HoldfastRecordsWaitLong',
      'HoldfastRefusing',
    ],
  },
  'records that the endpoint rejects': {
    fault: ({ sink }) => {
      sink.behave(status(400))
      setTimeout(() => sink.behave(() => ({ kind: 'accept' })), 30_000)
    },
    fires: ['HoldfastRecordsDropped'],
  },
  'an actor that is stuck, and started anew': {
    flaw: sabotaged('stick:dispatcher'),
    fault: ({ holdfast }) => {
      process.kill(holdfast.pid, 'SIGUSR2')
    },
    fires: ['HoldfastStalled'],
  },
  'a redirect that a hanging endpoint holds up': {
    config: { dispatch: { attempt_timeout: '30m' }, sentinel: { stall_after: '1h' } },
    fault: ({ sink }) => sink.behave(() => ({ kind: 'hang' })),
    later: async ({ holdfast, other }) => {
      await holdfast.redirect(other.url)
    },
    // What the former endpoint holds is not sent again before its own deadline, and so it waits.
    fires: ['HoldfastNotDelivering', 'HoldfastRecordsWaitLong', 'HoldfastRedirectUnfinished'],
  },
  'a redirect to where it may not go': {
    fault: ({ sink }) => {
      sink.behave(() => ({ kind: 'redirect', status: 307, location: 'http://elsewhere.invalid' }))
      setTimeout(() => sink.behave(() => ({ kind: 'accept' })), 60_000)
    },
    fires: ['HoldfastRedirectRefused'],
  },
  'an endpoint that changes again and again': {
    fault: async ({ holdfast, sink, other }) => {
      for (let time = 0; time < 10; time += 1) {
        await holdfast.redirect(time % 2 === 0 ? other.url : sink.url)
        await new Promise((resolve) => setTimeout(resolve, 15_000))
      }
    },
    fires: ['HoldfastEndpointFlapping'],
  },
  'a webhook that nobody answers': {
    // An operator moves the endpoint, and whoever should hear of it does not. The notice waits.
    config: { notices: { webhooks: [{ url: 'http://127.0.0.1:9/hook' }] } },
    fault: async ({ holdfast, other }) => {
      await holdfast.redirect(other.url)
    },
    fires: ['HoldfastNoticesUndelivered'],
  },
  'kill -9': {
    fault: async ({ holdfast }) => {
      await holdfast.kill('SIGKILL')
    },
    fires: ['HoldfastDown'],
  },
  'an account that does not balance, forged': {
    forged: { series: 'holdfast_unaccounted_records', by: 3 },
    fires: ['HoldfastUnaccounted'],
  },
  'a fault that can never happen, forged': {
    forged: { series: 'holdfast_faults_total', by: 1 },
    fires: ['HoldfastFaulted'],
  },
}

export const recordedScenes = Object.entries(scenes).filter(
  ([, { forged }]) => forged === undefined,
)
/** `a long outage` → `a-long-outage` */
export const fileOf = (name: string): string =>
  `${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}.json`
