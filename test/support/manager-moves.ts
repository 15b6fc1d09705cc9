import { endpointManager } from '../../actors/endpoint-manager/machine.ts'
import type {
  Announcement,
  EndpointManagerEffects,
  EndpointManagerInput,
} from '../../actors/endpoint-manager/protocol.ts'
import { epoch } from '../../schemas/brand.ts'
import type { EndpointAssigned } from '../../schemas/messages.ts'
import { type Drive, drive, told } from './drive.ts'
import { endpointManagerInput } from './route-parts.ts'

/** An endpoint manager, played by hand. */
export type It = Drive<typeof endpointManager>
export const started = (input: Partial<EndpointManagerInput> = {}) =>
  drive(endpointManager, { ...endpointManagerInput, ...input })
export const journaled = (it: It, number: number) => {
  const write = it.context().writing?.write ?? 0
  return it.tell({ type: 'assignment.journaled', write, epoch: epoch(number) })
}
export const assigned = (input?: Partial<EndpointManagerInput>) => {
  const it = started(input)
  journaled(it, 1)
  return it
}
export const current = (it: It) => it.context().current
export const report = (it: It, healthy: boolean, number = current(it)?.epoch ?? 0) =>
  it.tell({ type: 'attempt.reported', epoch: epoch(number), healthy, detail: 'oops' })
export const proven = (input?: Partial<EndpointManagerInput>) => {
  const it = assigned(input)
  report(it, true)
  return it
}
export const redirect = (it: It, location: string | null, number = current(it)?.epoch ?? 0) =>
  it.tell({ type: 'redirect.reported', sendId: 's1', epoch: epoch(number), status: 307, location })
export const command = (it: It, commandId: string, url: string) =>
  it.tell({ type: 'endpoint.commanded', commandId, url, reason: 'move' })
/** Sends the route to a URL, by an operator. */
export const moved = (it: It, url: string) => {
  command(it, `to ${url}`, url)
  journaled(it, (current(it)?.epoch ?? 0) + 1)
}
export const answers = (it: It) =>
  it
    .effects()
    .filter(({ type }) => type === 'answerCommand')
    .map(({ params }) => params as EndpointManagerEffects['answerCommand'])
export const why = (it: It) => {
  const [refused] = told(it.effects()) as readonly { readonly reason?: string }[]
  return refused?.reason
}
export const assignment = (it: It) =>
  (told(it.effects()) as readonly EndpointAssigned[]).map((it) => it.assignment)
export const announced = (it: It) => it.params('announce') as Announcement | undefined
