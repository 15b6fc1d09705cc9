/** The actors of one machine, of which among services there are several: one for each shard. */
import type { Actor, Glance } from './answers.ts'
import { stateText } from './words.ts'

export type ActorGroup = {
  readonly actors: readonly Actor[]
  /** The one that most has to be seen: unwell, or in a redirect, or else the first. */
  readonly notable: Actor
  /** Its state, or how many are in which. */
  readonly text: string
}

export const groupOf = ({ actors }: Glance, machine: string): ActorGroup | undefined => {
  const all = actors.filter((actor) => actor.machine === machine)
  const [first] = all
  if (first === undefined) return undefined
  const notable =
    all.find(({ healthy }) => !healthy) ??
    all.find(({ value }) => value === 'redirectInFlight') ??
    all.find(({ value }) => !calm.has(value)) ??
    first
  const counts = new Map<string, number>()
  for (const { value } of all) counts.set(value, (counts.get(value) ?? 0) + 1)
  const text =
    counts.size === 1
      ? stateText(first.value)
      : [...counts].map(([value, times]) => `${times} ${stateText(value)}`).join(', ')
  return { actors: all, notable, text }
}

/** Of no news beside any other. */
const calm: ReadonlySet<string> = new Set(['idle', 'sending', 'open', 'accepting', 'watching'])

/** A service has the machines of its roles; in a pipeline of one process one that is not there has stopped. */
export const absentText = ({ keepsAccount }: Glance): string =>
  keepsAccount === 'here' ? 'stopped' : 'in other services'
