/** The real process under load and faults, and then the reckoning. */
import { setTimeout as pause } from 'node:timers/promises'
import { acceptedIn, dropsOf, settledAccountOf, type Totals } from '../support/account.ts'
import { chanceOf } from '../support/chance.ts'
import { type HoldfastProcess, startHoldfast, workspace } from '../support/holdfast-process.ts'
import { type Load, openLoad } from '../support/load.ts'
import { openSink } from '../support/sink.ts'
import { type FaultKind, faultKinds, heal, inflict, type Scene } from './faults.ts'
import { unreportedIn } from './reckoning.ts'

export type Tortured = {
  readonly minutes: number
  readonly seed: number
  readonly faults: Readonly<Record<FaultKind, number>>
  /** Sent, whether or not there was an answer. */
  readonly records: number
  readonly acknowledged: number
  readonly delivered: number
  readonly dropped: number
  /** Gone, and in no drop event. */
  readonly unreported: number
  readonly seconds: number
}

const recordsPerRequest = 50
const recordBytes = 512
const connections = 6
const requestPauseMs = 5
const calmMsMax = 600
/** Nobody listens there. */
const nowhere = 'http://127.0.0.1:9'
const streams = ['acme', 'globex'].flatMap((tenant) =>
  ['auth', 'checkout'].map((service) => ({ tenant, service })),
)

export const torture = async (options: {
  readonly minutes: number
  readonly seed: number
  readonly tell: (line: string) => void
}): Promise<Tortured> => {
  const { minutes, seed, tell } = options
  const chance = chanceOf(seed)
  await using folder = await workspace()
  const sinks = [await openSink(), await openSink()] as const
  const load = openLoad({ streams, recordsPerRequest, recordBytes })
  const config = {
    endpoint: { url: sinks[0].url, redirects: { allow: ['127.0.0.1'] } },
    cache: {
      capacity: '16MiB',
      priorities: [{ match: { service: 'auth*' }, class: 'high' }],
    },
    dispatch: { attempt_timeout: '500ms', backoff: { initial: '20ms', max: '200ms' } },
  }
  let holdfast = await startHoldfast(folder.path, config)
  let otlp = holdfast.otlp
  const startedAtMs = Date.now()
  const endsAtMs = startedAtMs + minutes * 60_000
  const restart = async (signal: 'SIGKILL' | 'SIGTERM'): Promise<void> => {
    await holdfast.kill(signal)
    otlp = nowhere
    holdfast = await startHoldfast(folder.path, config)
    otlp = holdfast.otlp
  }
  const scene: Scene = {
    chance,
    sinks,
    holdfast: () => holdfast,
    restart,
    dropped: async () => (await ledgerOf(holdfast)).dropped,
  }
  const sending = load.send({
    to: () => otlp,
    connections,
    goOn: () => Date.now() < endsAtMs,
    pauseMs: requestPauseMs,
  })
  try {
    const faults = await storm(scene, { endsAtMs, tell })
    await sending
    heal(sinks)
    return {
      minutes,
      seed,
      faults,
      ...(await reckoned(holdfast, { load, sinks })),
      seconds: (Date.now() - startedAtMs) / 1_000,
    }
  } finally {
    await holdfast.kill('SIGKILL')
    await load.close()
    await Promise.all(sinks.map(({ close }) => close()))
  }
}

/** Every kind comes once before one comes again, so that a short storm has them all. */
const storm = async (
  scene: Scene,
  { endsAtMs, tell }: { readonly endsAtMs: number; readonly tell: (line: string) => void },
): Promise<Tortured['faults']> => {
  const faults = Object.fromEntries(faultKinds.map((kind) => [kind, 0])) as Record<
    FaultKind,
    number
  >
  let left: FaultKind[] = []
  while (Date.now() < endsAtMs) {
    if (left.length === 0) left = [...faultKinds]
    const [kind = 'kill'] = left.splice(scene.chance.below(left.length), 1)
    tell(`${Math.ceil((endsAtMs - Date.now()) / 1_000)} s left: ${kind}`)
    await inflict(kind, scene)
    faults[kind] += 1
    await pause(scene.chance.below(calmMsMax))
  }
  return faults
}

const ledgerOf = async (holdfast: HoldfastProcess): Promise<Totals> =>
  (await holdfast.get<{ readonly totals: Totals }>('/api/v1/ledger')).totals

const reckoned = async (
  holdfast: HoldfastProcess,
  { load, sinks }: { readonly load: Load; readonly sinks: Scene['sinks'] },
) => {
  const account = await settledAccountOf(holdfast)
  const accepted = acceptedIn(account)
  const drops = await dropsOf(holdfast)
  const unanswered = [...load.refusals.values()].reduce((sum, count) => sum + count, 0)
  return {
    records: load.promisedRecords() + unanswered * recordsPerRequest,
    acknowledged: load.promisedRecords(),
    delivered: account.totals.delivered,
    dropped: account.totals.dropped,
    unreported: unreportedIn({
      accepted,
      missing: sinks[1].missing(sinks[0].missing(accepted)),
      drops,
      promised: streams.map(({ tenant, service }) => ({
        tenant,
        service,
        records:
          recordsPerRequest *
          load.promised.filter((it) => it.tenant === tenant && it.service === service).length,
      })),
    }),
  }
}
