/** The messages between the actors, asked for while a view shows them. */
import { useEffect, useState } from 'preact/hooks'
import type { Step } from '../../inspection/joined-sequence.ts'
import { type Failure, get } from './client.ts'

export type Steps = {
  /** Empty until the first answer. */
  readonly producer: string
  /** Oldest first. */
  readonly steps: readonly Step[]
  /** Events that are not among them. */
  readonly skipped: number
  readonly failure: Failure | undefined
}
type Answer = Omit<Steps, 'failure'>

const everyMs = 1_000
const stepsMax = 1_000

export const useSteps = (mode: 'live' | 'held'): Steps => {
  const [seen, setSeen] = useState<Steps>({
    producer: '',
    steps: [],
    skipped: 0,
    failure: undefined,
  })
  useEffect(() => {
    if (mode === 'held') return
    let timer: ReturnType<typeof setTimeout> | undefined
    let last: { readonly producer: string; readonly number: number } | undefined
    let isOver = false
    const look = async (): Promise<void> => {
      if (!document.hidden) {
        const result = await get<Answer>('/api/v1/sequence', { after: last?.number })
        if (isOver) return
        if (result.kind === 'answer') {
          const { producer, steps } = result.value
          const isFollowing = last?.producer === producer
          last = { producer, number: steps.at(-1)?.number ?? (isFollowing ? last?.number : 0) ?? 0 }
          setSeen((before) => ({
            ...result.value,
            steps: (isFollowing ? [...before.steps, ...steps] : steps).slice(-stepsMax),
            failure: undefined,
          }))
        } else setSeen((before) => ({ ...before, failure: result }))
      }
      timer = setTimeout(look, everyMs)
    }
    void look()
    return () => {
      isOver = true
      clearTimeout(timer)
    }
  }, [mode])
  return seen
}
