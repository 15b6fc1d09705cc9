/** Whoever starts the process, and starts it again when it has ended, as a platform does. */
import type { Config } from '../../pipeline/config/config.ts'
import type { RunningPipeline } from '../../pipeline/observed.ts'
import { startPipeline } from '../../pipeline/pipeline.ts'
import type { World } from '../../pipeline/world.ts'
import type { Chance } from '../support/chance.ts'
import type { FaultyDisk } from '../support/faulty-disk.ts'
import type { Epochs } from './epochs.ts'
import { clockOf, type Life, lockOf, openLife } from './life.ts'
import type { Story } from './story.ts'
import { millisecond, second, type Timeline } from './timeline.ts'

export type Supervisor = {
  readonly start: () => void
  readonly running: () => RunningPipeline | undefined
  /** The process dies, or the whole machine. */
  readonly die: (how: 'kill' | 'powerCut', why: string) => void
  /** An orderly stop, and a start. */
  readonly restart: () => void
  readonly calm: () => void
}

/** From a failure of the disk until the process has given up for it. */
const harmUsMax = 1 * second
/** Longer than a stop may take: then the process is killed. */
const stopUsMax = 90 * second

export const openSupervisor = (given: {
  readonly config: Config
  readonly timeline: Timeline
  readonly chance: Chance
  readonly story: Story
  readonly disk: FaultyDisk
  readonly epochs: Epochs
  readonly worldOf: (life: Life) => Omit<World, 'clock' | 'lock'>
}): Supervisor => {
  const { config, timeline, chance, story, disk, worldOf } = given
  const owners = new Set<Life>()
  let lives = 0
  let now: { readonly life: Life; running?: RunningPipeline } | null = null
  let weather: 'chaos' | 'calm' = 'chaos'

  const end = (life: Life, how: 'kill' | 'powerCut'): void => {
    if (life.isOver()) return
    life.end()
    if (how === 'kill') disk.kill()
    else disk.crash()
    now = null
    timeline.after(20 * millisecond + chance.below(2 * second), start)
  }
  const exit = (life: Life, cause: unknown): void => {
    if (life.isOver()) return
    const why = cause instanceof Error ? cause.message : String(cause)
    story.count('exit', why)
    // A disk that failed just before the calm may be what it gave up for.
    const wasHarmed = weather === 'chaos' || timeline.nowUs() - life.harmedAtUs() < harmUsMax
    if (!isDiskError(cause)) story.wrong(`the pipeline gave up: ${why}`)
    else if (!wasHarmed) story.wrong(`the pipeline gave up with nothing wrong around it: ${why}`)
    end(life, 'kill')
  }
  const start = (): void => {
    lives += 1
    const life = openLife(lives)
    const mine: { readonly life: Life; running?: RunningPipeline } = { life }
    now = mine
    story.note(`life ${lives}`)
    const world: World = {
      ...worldOf(life),
      clock: clockOf(life, timeline, chance),
      lock: lockOf(life, owners),
    }
    startPipeline(config, { log: story.log, world }).then(
      (running) => {
        if (life.isOver()) return
        story.note('started')
        mine.running = running
        given.epochs.begun(running)
        running.failed.then((cause) => exit(life, cause))
      },
      (cause) => exit(life, cause),
    )
  }
  const restart = (): void => {
    const life = now?.life
    const running = now?.running
    if (life === undefined || running === undefined) return
    story.count('restart')
    // Nobody gives it anything to do while it goes.
    now = { life }
    running.stop().then(
      () => end(life, 'kill'),
      (cause) => exit(life, cause),
    )
    timeline.after(stopUsMax, () => {
      if (life.isOver()) return
      if (weather === 'calm') story.wrong('a stop has taken too long')
      end(life, 'kill')
    })
  }
  return {
    start,
    restart,
    running: () => now?.running,
    die: (how, why) => {
      const life = now?.life
      if (life === undefined) return
      story.count(how, why)
      end(life, how)
    },
    calm: () => {
      weather = 'calm'
    },
  }
}

/** A disk that fails is a reason to give up, and to be started again. */
const isDiskError = (cause: unknown): boolean =>
  cause instanceof Error &&
  (('code' in cause && typeof cause.code === 'string' && diskCodes.has(cause.code)) ||
    isDiskError(cause.cause))

const diskCodes: ReadonlySet<string> = new Set([
  'EIO',
  'ENOSPC',
  'storage_failed',
  'disk_full',
  'archive_failed',
])
