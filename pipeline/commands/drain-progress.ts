/** While a pipeline stops before a person's eyes: how many requests are still out, below the log. */
import type { Observed } from '../observed.ts'
import type { Progress } from './progress.ts'

export type DrainProgress = {
  /** Writes a line of the log where the progress stood; the progress comes again below it. */
  readonly warn: (text: string) => void
  /** From now on; the answer ends it. */
  readonly watch: (observed: Pick<Observed, 'actors'>) => () => void
}

const lookMs = 200

export const openDrainProgress = (given: {
  readonly warn: (text: string) => void
  readonly progress: Progress
}): DrainProgress => {
  const { warn, progress } = given
  return {
    warn: (text) => {
      progress.end()
      warn(text)
    },
    watch: (observed) => {
      const out = (): number =>
        observed.actors().filter(({ machine }) => machine === 'delivery').length
      const total = out()
      const look = (): void => progress.at(total - Math.min(total, out()), total)
      look()
      const timer = setInterval(look, lookMs).unref()
      return () => {
        clearInterval(timer)
        progress.end()
      }
    },
  }
}
