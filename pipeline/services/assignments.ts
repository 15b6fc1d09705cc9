/** The assignments as every service reads them: the offset of an assignment is its epoch. */
import type { Arrived, Kafka } from '../../infra/kafka/kafka.ts'
import { epoch } from '../../schemas/brand.ts'
import type { Assignment } from '../../schemas/messages.ts'

export type Assignments = {
  readonly latest: () => Assignment | undefined
  /** Those that were read since this service was started, and the latest before; oldest first. */
  readonly history: () => readonly Assignment[]
  /** Calls back with each that comes. */
  readonly each: (assigned: Assigned) => void
  readonly close: () => Promise<void>
}

type Assigned = (assignment: Assignment, from: Pick<Arrived, 'id' | 'causation'>) => void

const historyMax = 100

export const followAssignments = async ({
  kafka,
  failed,
}: {
  readonly kafka: Pick<Kafka, 'follow'>
  readonly failed: (cause: unknown) => void
}): Promise<Assignments> => {
  const history: Assignment[] = []
  const listeners: Assigned[] = []
  const { close } = await kafka.follow({
    topics: ['endpoint-assignments'],
    from: 'earliest',
    received: async (arrived) => {
      for (const it of arrived) {
        if (it.topic === 'records' || it.message.type !== 'assignment.recorded') continue
        const assignment = { ...it.message.assignment, epoch: epoch(it.offset) }
        history.push(assignment)
        if (history.length > historyMax) history.shift()
        for (const assigned of listeners) assigned(assignment, it)
      }
    },
    failed,
  })
  return {
    latest: () => history.at(-1),
    history: () => history,
    each: (assigned) => {
      listeners.push(assigned)
    },
    close,
  }
}
