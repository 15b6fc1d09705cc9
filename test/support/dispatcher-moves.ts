import { dispatcher } from '../../actors/dispatcher/machine.ts'
import type { DispatcherEffects, DispatcherInput } from '../../actors/dispatcher/protocol.ts'
import { epoch } from '../../schemas/brand.ts'
import type { DemandRaised, Held } from '../../schemas/messages.ts'
import { type Drive, drive, told } from './drive.ts'
import { assignmentOf, dispatcherInput, heldAt, leasedUntil } from './route-parts.ts'

/** A dispatcher, played by hand. */
export type It = Drive<typeof dispatcher>
export const started = (input: Partial<DispatcherInput> = {}) =>
  drive(dispatcher, { ...dispatcherInput, ...input })
export const assign = (it: It, number: number) =>
  it.tell({ type: 'endpoint.assigned', assignment: assignmentOf(number) })
export const lease = (it: It, ...held: readonly Held[]) => it.tell(leasedUntil(70_000, ...held))
export const idle = (input?: Partial<DispatcherInput>) => {
  const it = started(input)
  assign(it, 1)
  return it
}
/** Two sends are out, and no more may be. */
export const busy = () => {
  const it = idle()
  lease(it, heldAt(1), heldAt(2))
  return it
}
export const starts = (it: It) =>
  it
    .effects()
    .filter(({ type }) => type === 'startSend')
    .map(({ params }) => params as DispatcherEffects['startSend'])
export const messages = <Message>(it: It, type: string) =>
  told(it.effects()).filter((message) => message.type === type) as unknown as readonly Message[]
export const windows = (it: It) =>
  messages<DemandRaised>(it, 'demand.raised').map((it) => it.batchesMax)
export const outOf = (it: It) => Object.keys(it.context().sends)

/** What every end of a send has in common. */
const end = { type: 'send.ended', retryAfterMs: null, detail: 'oops', jitter: 0 } as const
export const settled = (it: It, sendId: string, number: number) =>
  it.tell({
    ...end,
    sendId,
    epoch: epoch(number),
    outcome: 'settled',
    delivered: 4,
    reason: null,
    detail: '',
  })
/** Settled, since all of it was too old when the attempt failed. */
export const expired = (it: It, sendId: string, number: number) =>
  it.tell({
    ...end,
    sendId,
    epoch: epoch(number),
    outcome: 'settled',
    delivered: 0,
    reason: 'unreachable',
  })
export const failed = (
  it: It,
  sendId: string,
  number: number,
  {
    reason = 'server_error',
    retryAfterMs = null,
    jitter = 0,
  }: { reason?: 'server_error' | 'unsettled'; retryAfterMs?: number | null; jitter?: number } = {},
) =>
  it.tell({
    ...end,
    sendId,
    epoch: epoch(number),
    outcome: 'returned',
    delivered: 0,
    reason,
    retryAfterMs,
    jitter,
  })
export const [first, second, third] = ['edge-0-1', 'edge-0-2', 'edge-0-3'] as const
