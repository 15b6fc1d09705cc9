import type { CommandResult } from '../actors/endpoint-manager/protocol.ts'
import type { Clock } from '../infra/clock/clock.ts'
import { instant } from '../schemas/brand.ts'
import type { EndpointCommand } from './observed.ts'
import type { Stage } from './stage.ts'
import { endpointView } from './view.ts'

/** Commands of operators that the endpoint manager has not answered yet. */
export type PendingCommands = {
  /** Never rejects: a command that is not answered in time is said to have failed. */
  readonly give: (command: EndpointCommand) => Promise<CommandResult>
  readonly answer: (commandId: string, result: CommandResult) => void
}

/** What a pin, or its end, holds on to: it takes effect at once. */
const currentOf = (stage: Pick<Stage, 'actors'>): CommandResult => {
  const assignment = endpointView(stage.actors()).history.at(-1)
  return assignment === undefined
    ? { kind: 'refused', why: 'failed', reason: 'no endpoint has been assigned yet' }
    : { kind: 'assigned', assignment }
}

/** Longer than the journal may take to keep an assignment. */
const answerTimeoutMs = 15_000

export const openPendingCommands = ({
  stage,
  clock,
}: {
  readonly stage: Pick<Stage, 'post' | 'actors'>
  readonly clock: Clock
}): PendingCommands => {
  const pending = new Map<string, (result: CommandResult) => void>()
  let given = 0

  const set = (command: { readonly url: string; readonly reason: string }) =>
    new Promise<CommandResult>((resolve) => {
      given += 1
      const commandId = `command-${given}`
      const callOff = clock.at(instant(clock.now() + answerTimeoutMs), () => {
        answer(commandId, {
          kind: 'refused',
          why: 'failed',
          reason: `not answered within ${answerTimeoutMs} ms; it may take effect later`,
        })
      })
      pending.set(commandId, (result) => {
        callOff()
        resolve(result)
      })
      const { url, reason } = command
      stage.post('endpoint-manager', { type: 'endpoint.commanded', commandId, url, reason })
    })
  const answer = (commandId: string, result: CommandResult): void => {
    const resolve = pending.get(commandId)
    pending.delete(commandId)
    resolve?.(result)
  }

  return {
    answer,
    give: async (command) => {
      if (command.kind === 'set') return set(command)
      const type = command.kind === 'pin' ? 'endpoint.pinned' : 'endpoint.unpinned'
      stage.post('endpoint-manager', { type, reason: command.reason })
      return currentOf(stage)
    },
  }
}
