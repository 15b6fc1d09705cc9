import { delivery } from '../../actors/delivery/machine.ts'
import type { DeliveryEffects, DeliveryInput, Verdict } from '../../actors/delivery/protocol.ts'
import type { Held, SendEnded } from '../../schemas/messages.ts'
import { type Drive, drive, type Effect } from './drive.ts'
import { assignmentOf, deliveryInput, heldAt, settlementOf, urls } from './route-parts.ts'

/** A send, played by hand. */
export type It = Drive<typeof delivery>
export const started = (input: Partial<DeliveryInput> = {}) =>
  drive(delivery, { ...deliveryInput, ...input })
export const answer = (it: It, verdict: Verdict, attempt = it.context().attempt) =>
  it.tell({ type: 'attempt.answered', attempt, verdict, jitter: 0.25 })
export const assign = (it: It, number: number, url: string = urls.b) =>
  it.tell({ type: 'endpoint.assigned', assignment: assignmentOf(number, url) })
export const record = (it: It, ...held: readonly Held[]) =>
  it.tell({ type: 'fates.recorded', settlements: held.map(settlementOf) })
export const accepted = { kind: 'accepted' } as const
export const failed = { kind: 'failed', status: 500, detail: 'oops' } as const
export const redirected = { kind: 'redirected', status: 307, location: urls.b } as const
export const tooLarge = { kind: 'tooLarge' } as const

export const attemptOf = (it: It) => it.params('attempt') as DeliveryEffects['attempt']
export const fatesIn = (it: It) =>
  (it.params('recordFates') as DeliveryEffects['recordFates']).fates
export const messageIn = <Message>(effects: readonly Effect[], type: string): Message | undefined =>
  effects
    .filter((effect) => effect.type === 'tell')
    .map(({ params }) => (params as { message: { type: string } }).message)
    .find((message) => message.type === type) as Message | undefined
export const endOf = (it: It) => messageIn<SendEnded>(it.effects(), 'send.ended')
export const [one, two] = [heldAt(1), heldAt(2)] as const
