/**
 * Which outbox tells of what, where several auditors might: each claims what it takes in, in a transaction
 * under one id, before it tells of it. So nothing is told by two, and what one has claimed and not kept it
 * knows to be its own when it comes back.
 */
import type { Transactions } from '../../infra/kafka/kafka.ts'
import type { Message } from '../../schemas/messages.ts'
import type { ServiceNeeds } from './service.ts'
import { takeOverReading } from './taking-over.ts'

/** Offsets below which everything is claimed: in `drops`, and in `endpoint-assignments`. */
export type Claim = { readonly drops: number; readonly epochs: number }

export type Claims = {
  /** The last one of each outbox, when these were taken over: nobody else adds to them. */
  readonly found: ReadonlyMap<string, Claim>
  /** @throws {KafkaError} `fenced` when another auditor claims from now on. */
  readonly claim: (outbox: string, claim: Claim) => Promise<void>
  readonly close: Transactions['close']
}

const topic = 'account-checkpoints'
const words = /^notices\/([^/]+)\/(\d+)\/(\d+)$/

/** @throws {KafkaError} */
export const takeOverClaims = async (
  needs: Pick<ServiceNeeds, 'kafka' | 'service' | 'world'>,
): Promise<Claims> => {
  const found = new Map<string, Claim>()
  const read = (message: Message): void => {
    if (message.type !== 'marker.placed') return
    const [, outbox, drops, epochs] = words.exec(message.by) ?? []
    if (outbox !== undefined) found.set(outbox, { drops: Number(drops), epochs: Number(epochs) })
  }
  const transactions = await takeOverReading(needs, { id: 'notices', topic, read })
  return {
    found,
    claim: async (outbox, { drops, epochs }) => {
      const message: Message = { type: 'marker.placed', by: `notices/${outbox}/${drops}/${epochs}` }
      await transactions.publish([{ topic, partition: 0, key: `notices/${outbox}`, message }])
    },
    close: transactions.close,
  }
}
