/** The pipeline as it is now, asked for once a second while somebody looks at this page. */
import type { Glance, Totals, Transition } from './answers.ts'
import { type Failure, get } from './client.ts'
import { openStore } from './store.ts'

export type Live = {
  /** The last answer; null: there was none yet. */
  readonly glance: Glance | null
  /** Oldest first, one a second, so long as the page was looked at. */
  readonly samples: readonly Sample[]
  /** Newest first. */
  readonly transitions: readonly Transition[]
  /** What the last answer brought that was not known: to be shown as it happens. */
  readonly fresh: readonly Transition[]
  readonly connection: Connection
}
export type Connection =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'connected' }
  | { readonly kind: 'lost'; readonly sinceMs: number; readonly failure: Failure }
export type Sample = {
  readonly atMs: number
  readonly totals: Totals
  readonly bytes: number
  /** Records a second, since the sample before. */
  readonly rates: Rates
}
export type Rates = Readonly<Record<'accepted' | 'delivered' | 'dropped' | 'refused', number>>

const everyMs = 1_000
const waitMsMax = 5_000
const samplesMax = 300
const transitionsMax = 400

export const live = openStore<Live>({
  glance: null,
  samples: [],
  transitions: [],
  fresh: [],
  connection: { kind: 'connecting' },
})

let timer: ReturnType<typeof setTimeout> | undefined
let isAsking = false
let failures = 0

/** Asks from now on; a page that nobody sees asks nothing. */
export const watchPipeline = (): void => {
  document.addEventListener('visibilitychange', lookNow)
  lookNow()
}

/** Asks at once, without waiting for its turn. */
export const lookNow = (): void => {
  clearTimeout(timer)
  if (!document.hidden) void look()
}

const look = async (): Promise<void> => {
  if (isAsking) return
  isAsking = true
  const { transitions, connection } = live.get()
  const result = await get<Glance>('/api/v1/live', { after: transitions[0]?.number })
  isAsking = false
  if (result.kind === 'answer') {
    failures = 0
    take(result.value)
  } else {
    failures += 1
    const sinceMs = connection.kind === 'lost' ? connection.sinceMs : Date.now()
    live.set({ ...live.get(), fresh: [], connection: { kind: 'lost', sinceMs, failure: result } })
  }
  clearTimeout(timer)
  if (!document.hidden) timer = setTimeout(look, Math.min(waitMsMax, everyMs * (failures + 1)))
}

const take = (glance: Glance): void => {
  const { samples, transitions, glance: former } = live.get()
  const isSameLife = former === null || former.producer === glance.producer
  const fresh = glance.transitions
  live.set({
    glance,
    samples: [...samples, sampleOf(glance, isSameLife ? samples.at(-1) : undefined)].slice(
      -samplesMax,
    ),
    // Another life counts its changes anew: what was asked for was behind a number of the former one.
    transitions: isSameLife ? [...fresh.toReversed(), ...transitions].slice(0, transitionsMax) : [],
    // What is older than this page has happened, and is not shown as if it did just now.
    fresh: former === null || !isSameLife ? [] : fresh,
    connection: { kind: 'connected' },
  })
}

const sampleOf = ({ at, totals, cache }: Glance, before: Sample | undefined): Sample => {
  const atMs = Date.parse(at)
  const seconds = before === undefined ? 0 : (atMs - before.atMs) / 1_000
  const rate = (name: keyof Rates): number =>
    before === undefined || seconds <= 0
      ? 0
      : Math.max(0, (totals[name] - before.totals[name]) / seconds)
  return {
    atMs,
    totals,
    bytes: cache.bytes,
    rates: {
      accepted: rate('accepted'),
      delivered: rate('delivered'),
      dropped: rate('dropped'),
      refused: rate('refused'),
    },
  }
}

/** Over some seconds, so that numbers can be read. */
export const steadyRates = (samples: readonly Sample[]): Rates => {
  const recent = samples.slice(-3)
  const mean = (name: keyof Rates): number =>
    recent.length === 0
      ? 0
      : recent.reduce((sum, { rates }) => sum + rates[name], 0) / recent.length
  return {
    accepted: mean('accepted'),
    delivered: mean('delivered'),
    dropped: mean('dropped'),
    refused: mean('refused'),
  }
}
