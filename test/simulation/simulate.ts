/**
 * One run of the whole embedded pipeline in a simulated world, all of it from one seed: first with
 * faults, then without, until everything has come to rest; then it is stopped and started once more.
 */
import type { BookStore } from '../../infra/book/book-store.ts'
import type { Intake } from '../../infra/sources/intake.ts'
import type { Observed, RunningPipeline } from '../../pipeline/observed.ts'
import type { Bounds, World } from '../../pipeline/world.ts'
import type { Batch } from '../../schemas/messages.ts'
import { chanceOf } from '../support/chance.ts'
import { openFaultyDisk } from '../support/faulty-disk.ts'
import { audit } from './audit.ts'
import { type Books, openBooks } from './books.ts'
import { type Clients, openClients } from './clients.ts'
import { openEpochs } from './epochs.ts'
import { type Hooks, openHooks } from './hooks.ts'
import { openJudge } from './judge.ts'
import type { Life } from './life.ts'
import { type Network, openNetwork } from './network.ts'
import { type Scenario, scenarioOf } from './scenario.ts'
import { openShelf, type Shelf } from './shelf.ts'
import { openSlowDisk } from './slow-disk.ts'
import { type FaultKind, openStory, type Story } from './story.ts'
import { openSupervisor, type Supervisor } from './supervisor.ts'
import { openTimeline, second, type Timeline } from './timeline.ts'
import { openWeather, type Weather } from './weather.ts'

export type Run = {
  readonly seed: number
  readonly steps: number
  readonly records: number
  readonly faults: Readonly<Record<FaultKind, number>>
  readonly failures: readonly string[]
  /** Of everything that happened, in its order and with its time. */
  readonly digest: string
}

const stepsMax = 1_000_000
/** How long it may take until everything has come to rest. */
const restUsMax = 1_800 * second
/** Longer than a stall of the disk lasts. */
const stallUsMax = 50 * second
const bounds: Bounds = { journalReserveBytes: 4 * 1024, journalBytesMax: 24 * 1024 }

type Stage = {
  readonly timeline: Timeline
  readonly story: Story
  readonly books: Books
  readonly scenario: Scenario
  readonly clients: Clients
  readonly supervisor: Supervisor
  readonly weather: Weather
  readonly shelf: Shelf
  readonly hooks: Hooks
}

export const simulate = async (
  seed: number,
  { tell }: { readonly tell?: (line: string) => void } = {},
): Promise<Run> => {
  const stage = setStage(seed, tell)
  const { timeline, story, books } = stage
  const unhandled = (cause: unknown): void =>
    story.wrong(
      `a rejection was handled by nobody: ${cause instanceof Error ? cause.stack : cause}`,
    )
  process.on('unhandledRejection', unhandled)
  try {
    await play(stage)
  } finally {
    process.off('unhandledRejection', unhandled)
    stage.shelf.close()
  }
  return {
    seed,
    steps: timeline.steps(),
    records: books.records().length,
    faults: story.faults(),
    failures: story.failures(),
    digest: story.digest(),
  }
}

const play = async (stage: Stage): Promise<void> => {
  const { timeline, story, scenario, supervisor } = stage
  supervisor.start()
  await runUntil(stage, () => timeline.nowUs() >= scenario.chaosUs)
  story.note('calm')
  stage.weather.calm()
  stage.hooks.calm()
  supervisor.calm()
  stage.clients.calm()
  await rest(stage)
  if (story.failures().length > 0) return
  supervisor.restart()
  await rest(stage)
}

/** Until nothing is to be done any more; then everything has to be right. */
const rest = async (stage: Stage): Promise<void> => {
  const { timeline, story, supervisor, books, scenario, shelf } = stage
  const endUs = timeline.nowUs() + restUsMax
  let restUs = timeline.nowUs()
  // An outbox that waits for a stalled disk takes in what was lost last when that is over.
  const lullUs = scenario.config.notices.webhooks.length === 0 ? 0 : stallUsMax
  let resumed: RunningPipeline | undefined
  await runUntil(stage, () => {
    const running = supervisor.running()
    if (running !== resumed) {
      resumed = running
      if (running !== undefined) resume(running)
    }
    if (!isAtRest(stage)) restUs = timeline.nowUs()
    return timeline.nowUs() > endUs || (isAtRest(stage) && timeline.nowUs() - restUs >= lullUs)
  })
  const observed = supervisor.running()?.observed
  if (observed === undefined || !isAtRest(stage)) {
    const actors = observed?.actors().map(({ id, value, detail }) => `${id} ${value} (${detail})`)
    story.wrong(`it does not come to rest: ${actors?.join('; ') ?? 'nothing runs'}`)
  }
  if (observed === undefined) return
  let findings: readonly string[] | undefined
  audit({
    observed,
    books,
    config: scenario.config,
    written: shelf.services(),
    hooks: stage.hooks,
  }).then(
    (found) => {
      findings = found
    },
    (cause) => {
      findings = [`the account cannot be read: ${cause}`]
    },
  )
  await runUntil(stage, () => findings !== undefined || timeline.nowUs() > endUs + restUsMax)
  for (const finding of findings ?? ['the account was not told']) story.wrong(finding)
}

/** The operator takes back all that could keep it from sending. */
const resume = ({ observed }: RunningPipeline): void => {
  observed.dispatch({ kind: 'resume', reason: 'calm' })
  void observed.command({ kind: 'unpin', reason: 'calm' })
}

const restingStates: Readonly<Record<string, readonly string[]>> = {
  collector: ['accepting'],
  cache: ['open'],
  dispatcher: ['idle'],
  'endpoint-manager': ['active', 'probation', 'pinned'],
}

const isAtRest = ({ clients, supervisor }: Stage): boolean => {
  const observed = supervisor.running()?.observed
  if (observed === undefined || !clients.areDone()) return false
  const { live, ready } = observed.health()
  const actors = observed.actors()
  return (
    observed.ledger.totals().pending === 0 &&
    live.length + ready.length === 0 &&
    isWritten(observed) &&
    observed.notices.list().notices.length === 0 &&
    actors.every(({ machine, value }) => restingStates[machine]?.includes(value))
  )
}

/** All that was counted is in the book. */
const isWritten = ({ book }: Observed): boolean => {
  const { state, waiting } = book.view()
  return state === 'kept' && waiting === 0
}

/** Time moves only after all that an event has caused in this process has run. */
const runUntil = async (
  { timeline, story, supervisor }: Stage,
  isOver: () => boolean,
): Promise<void> => {
  while (!isOver()) {
    if (timeline.steps() >= stepsMax) return story.wrong(`more than ${stepsMax} steps`)
    if (timeline.step() === 'empty') return
    await new Promise((resolve) => setImmediate(resolve))
    const unaccounted = supervisor.running()?.observed.ledger.totals().unaccounted ?? 0
    if (unaccounted !== 0) return story.wrong(`${unaccounted} records are unaccounted for`)
  }
}

const setStage = (seed: number, tell: ((line: string) => void) | undefined): Stage => {
  const chance = chanceOf(seed)
  const timeline = openTimeline()
  const judge = openJudge(timeline)
  const story = openStory({ timeline, judge: judge.line, ...(tell === undefined ? {} : { tell }) })
  const scenario = scenarioOf(chance, chanceOf(seed + 3))
  const books = openBooks(story)
  const shared = { timeline, chance, story, books, epochs: openEpochs(story) }
  const disk = openFaultyDisk({ seed: Math.floor(chance.next() * 2 ** 32) })
  const slowDisk = openSlowDisk({
    ...shared,
    disk,
    powerFailed: (life) => {
      if (!life.isOver()) supervisor.die('powerCut', 'during an operation')
    },
  })
  const shelf = openShelf(seed)
  const hooks = openHooks({ seed, timeline, story })
  const network = openNetwork(shared)
  const clients = openClients({
    ...shared,
    count: scenario.clients,
    pauseUsMax: scenario.clientPauseUsMax,
  })
  const supervisor: Supervisor = openSupervisor({
    ...shared,
    config: scenario.config,
    disk,
    worldOf: worldOf({
      network,
      clients,
      books,
      filesystem: slowDisk.filesystem,
      bookOf: shelf.bookOf,
      hooks,
    }),
  })
  const weather = openWeather({
    ...shared,
    disk,
    slowDisk: { ...slowDisk, stall: (forUs) => judge.stalled(forUs, slowDisk.stall) },
    network,
    supervisor,
    durability: scenario.config.cache.durability,
    pauseUsMax: scenario.faultPauseUsMax,
  })
  story.note(`seed ${seed} ${JSON.stringify(scenario)}`)
  return { timeline, story, books, scenario, clients, supervisor, weather, shelf, hooks }
}

/** The world of one life. Coordinates are seen where they are put on: the clients never learn them. */
const worldOf =
  (given: {
    readonly network: Network
    readonly clients: Clients
    readonly books: Books
    readonly filesystem: (life: Life) => World['filesystem']
    readonly bookOf: (life: Life) => BookStore
    readonly hooks: Hooks
  }) =>
  (life: Life): Omit<World, 'clock' | 'lock'> => ({
    filesystem: given.filesystem(life),
    endpoint: () => given.network.endpoint(life),
    bounds,
    book: () => given.bookOf(life),
    sources: async (_, { intake, ledger, meters }) => {
      watchNumbers(intake as Intake, given.books)
      given.clients.open({
        life,
        offer: intake.offer,
        refused: (parts, reason) => {
          ledger.refused(parts)
          meters.count('refusals', { reason })
        },
      })
      return [{ name: 'simulated', url: 'http://simulated', close: async () => undefined }]
    },
    webhook: (options) => given.hooks.webhook(life, options),
  })

/** No port tells which number a record was given before it is delivered, or lost: so it is seen here. */
const watchNumbers = (intake: Intake, books: Books): void => {
  const { payloads } = intake
  Object.assign(intake, {
    payloads: (appendId: number, batches: readonly Batch[]) => {
      const unstored = payloads(appendId, batches)
      for (const { batch, payload } of unstored ?? []) books.stored(batch, Buffer.concat(payload))
      return unstored
    },
  } satisfies Partial<Intake>)
}
