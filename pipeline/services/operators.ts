/** What operators ask, through any service: the answer comes back through a topic. */
import type { CommandResult } from '../../actors/endpoint-manager/protocol.ts'
import type { Clock } from '../../infra/clock/clock.ts'
import type { Kafka, Outgoing } from '../../infra/kafka/kafka.ts'
import { instant } from '../../schemas/brand.ts'
import type { CommandAnswered } from '../../schemas/messages.ts'
import type { Observed } from '../observed.ts'
import type { Assignments } from './assignments.ts'
import type { Mail } from './service.ts'

export type Operators = Pick<Observed, 'command' | 'dispatch'> & {
  readonly close: () => Promise<void>
}

/** Longer than Kafka may take to keep an assignment. */
const answerTimeoutMs = 15_000

export const openOperators = async ({
  kafka,
  service,
  clock,
  mail,
  assignments,
  failed,
}: {
  readonly kafka: Kafka
  readonly service: string
  readonly clock: Clock
  readonly mail: Mail
  readonly assignments: Pick<Assignments, 'latest'>
  readonly failed: (cause: unknown) => void
}): Promise<Operators> => {
  const pending = new Map<string, (result: CommandResult) => void>()
  let given = 0
  const answer = (commandId: string, result: CommandResult): void => {
    pending.get(commandId)?.(result)
    pending.delete(commandId)
  }
  const { close } = await kafka.follow({
    topics: ['mailbox-operator'],
    from: 'latest',
    received: async (arrived) => {
      for (const it of arrived)
        if (it.topic !== 'records' && it.message.type === 'command.answered')
          answer(it.message.commandId, resultOf(it.message))
    },
    failed,
  })
  const failedWith = (reason: string): CommandResult => ({ kind: 'refused', why: 'failed', reason })
  const publish = (message: Extract<Outgoing, { message: unknown }>['message']): Promise<unknown> =>
    kafka.publish([{ topic: 'endpoint-commands', partition: 0, message }])

  const set = (url: string, reason: string): Promise<CommandResult> => {
    const { promise, resolve } = Promise.withResolvers<CommandResult>()
    given += 1
    const commandId = `${service}/${given}`
    const callOff = clock.at(instant(clock.now() + answerTimeoutMs), () => {
      const late = `not answered within ${answerTimeoutMs} ms; it may take effect later`
      answer(commandId, failedWith(late))
    })
    pending.set(commandId, (result) => {
      callOff()
      resolve(result)
    })
    publish({ type: 'endpoint.commanded', commandId, url, reason }).catch((cause: unknown) =>
      answer(commandId, failedWith(`Kafka did not take it: ${String(cause)}`)),
    )
    return promise
  }
  return {
    command: async (command) => {
      if (command.kind === 'set') return set(command.url, command.reason)
      const type = command.kind === 'pin' ? 'endpoint.pinned' : 'endpoint.unpinned'
      try {
        await publish({ type, reason: command.reason })
      } catch (cause) {
        return failedWith(`Kafka did not take it: ${String(cause)}`)
      }
      const assignment = assignments.latest()
      return assignment === undefined
        ? failedWith('no endpoint has been assigned yet')
        : { kind: 'assigned', assignment }
    },
    dispatch: ({ kind, reason }) => {
      for (let shard = 0; shard < kafka.shards; shard += 1)
        mail({
          topic: 'mailbox-dispatcher',
          partition: shard,
          message:
            kind === 'suspend'
              ? { type: 'dispatch.suspended', reason }
              : { type: 'dispatch.resumed' },
        })
    },
    close,
  }
}

const resultOf = ({ assignment, why, reason }: CommandAnswered): CommandResult =>
  assignment === null
    ? { kind: 'refused', why: why === 'not_allowed' || why === 'busy' ? why : 'failed', reason }
    : { kind: 'assigned', assignment }
