import type {
  Announcement,
  CommandResult,
  EndpointManagerEffects,
  JournalAnswer,
} from '../../actors/endpoint-manager/protocol.ts'
import type { Tell } from '../../actors/kit/tell.ts'
import type { Log } from '../../infra/telemetry/log.ts'
import type { Meters } from '../../infra/telemetry/meters.ts'
import type { Telemetry } from '../../infra/telemetry/telemetry.ts'
import type { Assignment } from '../../schemas/messages.ts'
import type { Keeper } from '../keeper.ts'
import type { Stage } from '../stage.ts'
import { type Filled, tellOn } from './filled.ts'

type Needs = {
  readonly stage: Pick<Stage, 'post'>
  readonly keeper: Pick<Keeper, 'keepAssignment'>
  readonly meters: Meters
  readonly log: Log
  readonly telemetry: Pick<Telemetry, 'announced' | 'overtaken'> | undefined
  /** Takes note of a new assignment, for the notices. */
  readonly assigned: (assignment: Assignment) => void
  readonly answerCommand: (commandId: string, result: CommandResult) => void
}

/** The endpoint manager's ports: the assignment journal, and whoever commands or listens. */
export const endpointPorts = ({
  stage,
  keeper,
  meters,
  log,
  telemetry,
  assigned,
  answerCommand,
}: Needs): Filled<EndpointManagerEffects & { readonly tell: Tell }> => {
  const answer = (message: JournalAnswer): void => stage.post('endpoint-manager', message)
  return {
    tell: tellOn(stage),
    journalAssignment: ({ write, ...draft }) => {
      keeper.keepAssignment(draft).then(
        (epoch) => answer({ type: 'assignment.journaled', write, epoch }),
        (cause: unknown) => {
          const detail = cause instanceof Error ? cause.message : String(cause)
          answer({ type: 'journal.failed', write, detail })
        },
      )
    },
    answerCommand: ({ commandId, result }) => answerCommand(commandId, result),
    announce: (announcement) => {
      telemetry?.overtaken(announcement)
      telemetry?.announced(announcement)
      announce(announcement, { meters, log })
      if (announcement.kind === 'assigned') assigned(announcement.assignment)
    },
  }
}

const announce = (
  announcement: Announcement,
  { meters, log }: { readonly meters: Meters; readonly log: Log },
): void => {
  switch (announcement.kind) {
    case 'assigned': {
      const { assignment, from } = announcement
      if (assignment.by !== 'configuration') meters.count('redirects', {})
      const message = `Sending to ${assignment.url} under epoch ${assignment.epoch}.`
      log.info('endpoint.assigned', message, { ...assignment, from })
      break
    }
    case 'confirmed': {
      const { url, epoch } = announcement.assignment
      log.info('endpoint.confirmed', `${url} has taken its first records.`, { url, epoch })
      break
    }
    case 'rolledBack': {
      const { from, to, reason } = announcement
      log.warn('endpoint.rolledBack', `Going back from ${from} to ${to}: ${reason}.`, announcement)
      break
    }
    case 'redirectRefused':
      meters.count('redirectsRefused', {})
      log.warn(
        'redirect.refused',
        `A redirect is not followed: ${announcement.reason}.`,
        announcement,
      )
  }
}
