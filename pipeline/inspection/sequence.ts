/**
 * The last messages between the actors, kept while somebody asks for them: who told whom what, of which
 * message it is a consequence, and what came of it. Nobody asks: nothing is kept, and nothing is watched.
 */
import type { Observed } from '../observed.ts'
import type { StageEvent } from '../stage-watch.ts'
import { openSampler, type Sampler } from './feed.ts'
import type { Step } from './joined-sequence.ts'

export type Sequence = {
  /** The steps behind this number, oldest first. Begins to watch where nobody asked of late. */
  readonly after: (number: number) => Recent
  readonly close: () => void
}
export type Recent = {
  readonly steps: readonly Step[]
  /** Events since it is watched that are not among them: too much happened. */
  readonly skipped: number
}

const stepsMax = 1_000
const tickMs = 100
/** Whoever looks asks once a second; who has not asked for so long looks no more. */
const askedMsMax = 10_000

export const openSequence = (
  { follow }: Pick<Observed, 'follow'>,
  idleMs = askedMsMax,
): Sequence => {
  let watching: { readonly sampler: Sampler; readonly end: () => void } | null = null
  let steps: Step[] = []
  let count = 0
  let askedMs = 0

  const take = ({ taken }: Sampler): void => {
    for (const step of stepsOf(taken())) {
      count += 1
      steps.push({ number: count, ...step })
    }
    if (steps.length > stepsMax) steps = steps.slice(-stepsMax)
  }
  const close = (): void => {
    watching?.end()
    watching = null
    steps = []
  }
  const watch = () => {
    const sampler = openSampler()
    const unfollow = follow(sampler.note)
    const timer = setInterval(() => {
      if (performance.now() - askedMs > idleMs) close()
      else take(sampler)
    }, tickMs).unref()
    return {
      sampler,
      end: () => {
        clearInterval(timer)
        unfollow()
      },
    }
  }
  return {
    after: (number) => {
      askedMs = performance.now()
      watching ??= watch()
      take(watching.sampler)
      return {
        steps: steps.filter((step) => step.number > number),
        skipped: watching.sampler.skipped(),
      }
    },
    close,
  }
}

/** A message and what came of it are one step. A change whose message was not kept is none. */
const stepsOf = (events: readonly StageEvent[]): readonly Omit<Step, 'number'>[] => {
  const steps: Omit<Step, 'number'>[] = []
  for (const event of events) {
    if (event.type === 'message.taken') {
      const { atMs, actor, machine, source, message, messageId, causationId } = event
      const what = { atMs, from: source, to: actor, machine, message: message.type }
      steps.push({ ...what, messageId, causationId, change: null })
      continue
    }
    const last = steps.at(-1)
    if (event.type !== 'actor.stepped' || last === undefined) continue
    if (last.messageId !== event.messageId || last.to !== event.actor) continue
    if (event.from !== event.to)
      steps[steps.length - 1] = { ...last, change: { from: event.from, to: event.to } }
  }
  return steps
}
