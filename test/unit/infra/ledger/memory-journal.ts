import type { Fact, Journal } from '../../../../infra/journal/journal.ts'

export class RejectedError extends Error {
  override readonly name = 'RejectedError'
}

/** What becomes of an append that is rejected: the caller cannot know. */
export type Rejection = 'kept' | 'lost'

/** A journal without a disk. What is appended becomes durable later, in order, never at once. */
export type MemoryJournal = Pick<Journal, 'append' | 'checkpoint' | 'recover'> & {
  /** The facts of the current file. */
  readonly facts: () => readonly Fact[]
  /** All facts ever, of all files. */
  readonly history: () => readonly Fact[]
  /** Rejects the next append, and all after it until a checkpoint or a restart, as a real one does. */
  readonly rejectNext: (rejection: Rejection) => void
  /** Makes of each fact what another release would have written. */
  readonly rewrite: (as: (fact: Fact) => readonly Fact[]) => void
  readonly restart: () => void
  /** Holds appends back until `proceed`. */
  readonly pause: () => void
  readonly proceed: () => void
}

export const openMemoryJournal = (): MemoryJournal => {
  let facts: Fact[] = []
  let history: Fact[] = []
  /** Rejected, and in the file all the same: true after a restart, forgotten by a checkpoint. */
  let doubtful: readonly Fact[] = []
  let rejecting: Rejection | null = null
  let broken: 'no' | 'yes' = 'no'
  let paused: PromiseWithResolvers<void> | null = null

  return {
    facts: () => facts,
    history: () => history,
    recover: async function* () {
      yield* facts
    },
    append: async (appended) => {
      await (paused?.promise ?? new Promise((resolve) => setImmediate(resolve)))
      if (broken === 'yes') throw new RejectedError('The journal takes nothing more.')
      if (rejecting !== null) {
        broken = 'yes'
        if (rejecting === 'kept') facts.push(...appended)
        if (rejecting === 'kept') history.push(...appended)
        if (rejecting === 'kept') doubtful = appended
        throw new RejectedError(`The append was rejected, and ${rejecting}.`)
      }
      facts.push(...appended)
      history.push(...appended)
    },
    checkpoint: async (opening) => {
      await new Promise((resolve) => setImmediate(resolve))
      facts = [...opening]
      history = history.filter((fact) => !doubtful.includes(fact))
      doubtful = []
      broken = 'no'
      rejecting = null
    },
    rejectNext: (rejection) => {
      rejecting = rejection
    },
    rewrite: (as) => {
      facts = facts.flatMap(as)
    },
    restart: () => {
      doubtful = []
      broken = 'no'
      rejecting = null
      paused = null
    },
    pause: () => {
      paused = Promise.withResolvers()
    },
    proceed: () => {
      paused?.resolve()
      paused = null
    },
  }
}
