/** A pipeline in one process: what it keeps, its actors, its sources, from start to stop. */
import type { Log } from '../infra/telemetry/log.ts'
import { type Meters, openMeters } from '../infra/telemetry/meters.ts'
import type { Telemetry } from '../infra/telemetry/telemetry.ts'
import { instant } from '../schemas/brand.ts'
import { heldIn } from './account/held.ts'
import { openBalanceWatch } from './balance-watch.ts'
import { openBookkeeper } from './bookkeeper.ts'
import { startCast } from './cast.ts'
import type { Config } from './config/config.ts'
import { openConfiguredIntake } from './configured-intake.ts'
import { openDropWatch } from './drop-watch.ts'
import { openEndings } from './endings.ts'
import { openKeeper } from './keeper.ts'
import { openLoudStage } from './loud-stage.ts'
import { stallOf } from './notices/happenings.ts'
import { lossesOf } from './notices/ledger-losses.ts'
import { type Notices, noNotices } from './notices/notices.ts'
import { openOutbox } from './notices/outbox.ts'
import { type Complaints, observe } from './observe.ts'
import type { RunningPipeline } from './observed.ts'
import { openPendingCommands, type PendingCommands } from './pending-commands.ts'
import { producerId } from './producer.ts'
import { repeat } from './repeat.ts'
import { openRestart } from './restart.ts'
import { openSendProgress, sightsOf } from './sights.ts'
import { openStorage, type Storage } from './storage.ts'
import { realWorld, type World } from './world.ts'

const housekeepingMs = 250

/**
 * Starts a pipeline: recovers what a former life left, starts the actors, and opens the sources last.
 * @throws when the data directory is taken or damaged, or an address cannot be listened on.
 */
export const startPipeline = async (
  config: Config,
  {
    log,
    world = realWorld,
    telemetry,
  }: {
    readonly log: Log
    readonly world?: World
    /** Opened and closed by whoever started the pipeline. */
    readonly telemetry?: Telemetry | undefined
  },
): Promise<RunningPipeline> => {
  if (config.workers > 1) throw new WorkersError(config.workers)
  const { clock, bounds } = world
  const lock = await world.lock(config.dataDirectory)
  const startedAtMs = clock.now()
  const producer = producerId(config.name, clock)
  const meters = openMeters()
  const failure = Promise.withResolvers<Error>()
  const failed = (cause: unknown): void =>
    failure.resolve(cause instanceof Error ? cause : new Error(String(cause)))

  const bookkeeper = openBookkeeper({ store: world.book(config.dataDirectory), clock, log })
  const storage = await openStorage({ config, world, log, book: bookkeeper.book })
  const { journal, ledger, turnstile, replayed } = storage
  bookkeeper.begin({ ledger, held: () => heldIn(storage.ring) })
  const keeper = openKeeper({ journal, ledger, turnstile, clock, log, bounds, ...replayed })
  const balance = openBalanceWatch({ ledger, log })
  const drops = openDropWatch({ ledger, meters, log, telemetry, sinceMs: startedAtMs })
  const notices = await openNotices({ config, world, storage, meters, log, startedAtMs })
  const intake = openConfiguredIntake(config, clock)
  const endpoint = world.endpoint(config, log)
  const endings = openEndings()
  const complaints: Complaints = { broken: [] }
  const stage = openLoudStage({
    name: producer,
    clock,
    meters,
    log,
    complaints,
    failed,
    intake,
  })
  const commands: PendingCommands = openPendingCommands({ stage, clock })
  const answerCommand = commands.answer
  const sends = openSendProgress()
  const cast = startCast({
    config,
    producer,
    stage,
    storage,
    intake,
    endpoint,
    keeper,
    clock,
    meters,
    log,
    telemetry,
    assigned: notices.assigned,
    answerCommand,
    done: endings.note,
    failed,
    gotOn: sends.gotOn,
  })
  const housekeeping = repeat({ clock, everyMs: housekeepingMs, failed }, async () => {
    await drops.look()
    balance.look()
    await keeper.note()
    await keeper.tidy()
  })
  const sources = await world.sources(config, { intake, ledger, meters, log, telemetry })

  const stop = async (): Promise<void> => {
    const deadlineMs = instant(clock.now() + config.shutdownTimeoutMs)
    const late = new AbortController()
    const timeout = Promise.withResolvers<void>()
    const callOff = clock.at(deadlineMs, () => {
      late.abort()
      timeout.resolve()
    })
    // The collector first, so that clients are answered; then what is out; then what holds it.
    for (const actor of ['collector', 'dispatcher', 'cache']) {
      stage.post(actor, { type: 'drain.requested', deadlineMs })
      await Promise.race([endings.of(actor), timeout.promise])
    }
    await Promise.all(sources.map(({ close }) => close({ signal: late.signal })))
    callOff()
    await housekeeping.stop()
    await endpoint.close()
    stage.stop()
    await drops.look()
    await notices.close()
    await keeper.conclude()
    await bookkeeper.close()
    await storage.close()
    await lock.release()
  }

  return {
    observed: observe({
      config,
      producer,
      stage,
      storage,
      commands,
      notices,
      clock,
      meters,
      complaints,
      bookkeeper,
    }),
    watched: {
      sights: () => sightsOf(stage.actors(), { sendsEnded: sends.count(), nowMs: clock.now() }),
      restart: openRestart({
        stage,
        cast,
        intake,
        newProducer: () => producerId(config.name, clock),
      }),
      noteStall: (subject, announcement) => {
        if (announcement.kind === 'stalled') meters.count('stalls', {})
        notices.stalled(stallOf(subject, announcement))
      },
    },
    sources: Object.fromEntries(sources.map(({ name, url }) => [name, url])),
    stop,
    failed: failure.promise,
  }
}

class WorkersError extends Error {
  override readonly name = 'WorkersError'

  constructor(workers: number) {
    super(
      `This starts one pipeline in this process, and the configuration asks for workers: ${workers}. Nothing was started: run \`holdfast run\`, or set workers: 1.`,
    )
  }
}

/** Without a webhook there is no outbox, and nothing of it costs anything. */
const openNotices = (needs: {
  readonly config: Config
  readonly world: World
  readonly storage: Pick<Storage, 'ledger' | 'replayed'>
  readonly meters: Meters
  readonly log: Log
  readonly startedAtMs: number
}): Promise<Notices> | Notices => {
  if (needs.config.notices.webhooks.length === 0) return noNotices
  const { ledger, replayed } = needs.storage
  return openOutbox({
    ...needs,
    ledger,
    takeIn: lossesOf({ ledger, now: needs.world.clock.now }),
    assignments: replayed.assignments,
    begin: { sinceMs: needs.startedAtMs },
  })
}
