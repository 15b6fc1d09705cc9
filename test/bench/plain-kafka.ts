/**
 * One end of the ceiling of a measurement over Kafka, a process of its own: it produces, or consumes, with
 * a client library and nothing else. Spoken to over the channel of `fork`.
 */
import { nowUs } from './marked-request.ts'
import { type Client, clients, type PlainMessage } from './plain-clients.ts'

export type PlainOrder =
  | {
      readonly type: 'open'
      readonly client: Client
      readonly brokers: readonly string[]
      readonly topic: string
      readonly end: 'producer' | 'consumer'
    }
  | {
      readonly type: 'produce'
      readonly messages: number
      readonly messageBytes: number
      /** In one request, one request at a time. */
      readonly together: number
      readonly partitions: number
    }
  /** Told once so many messages have come since the start, or the time is up. */
  | { readonly type: 'await'; readonly messages: number; readonly msMax: number }
export type PlainAnswer =
  | { readonly type: 'opened' }
  | { readonly type: 'produced'; readonly startedAtUs: number }
  | {
      readonly type: 'consumed'
      readonly messages: number
      readonly bytes: number
      readonly lastAtUs: number
    }

const pollMs = 10
/** As long as the header that says what batch a message is. */
const headerBytes = 160

let send: ((messages: readonly PlainMessage[]) => Promise<void>) | undefined
const seen = { messages: 0, bytes: 0, lastAtUs: 0 }

const open = async ({ client, brokers, topic, end }: Extract<PlainOrder, { type: 'open' }>) => {
  const { producer, consumer } = clients[client]
  if (end === 'producer') send = await producer({ brokers, topic })
  else
    await consumer({ brokers, topic }, (bytes) => {
      seen.messages += 1
      seen.bytes += bytes
      seen.lastAtUs = nowUs()
    })
  tell({ type: 'opened' })
}

const produce = async (order: Extract<PlainOrder, { type: 'produce' }>): Promise<void> => {
  if (send === undefined) throw new Error('It was to produce before it was opened.')
  const value = Buffer.alloc(order.messageBytes, 'x')
  const header = Buffer.alloc(headerBytes, 'h')
  const startedAtUs = nowUs()
  for (let sent = 0; sent < order.messages; sent += order.together) {
    const count = Math.min(order.together, order.messages - sent)
    const messages = Array.from({ length: count }, (_, index) => ({
      value,
      header,
      partition: (sent + index) % order.partitions,
    }))
    await send(messages)
  }
  tell({ type: 'produced', startedAtUs })
}

const awaitAll = async ({ messages, msMax }: Extract<PlainOrder, { type: 'await' }>) => {
  const deadlineMs = performance.now() + msMax
  while (seen.messages < messages && performance.now() < deadlineMs)
    await new Promise((resolve) => setTimeout(resolve, pollMs))
  tell({ type: 'consumed', ...seen })
}

const tell = (message: PlainAnswer): void => {
  process.send?.(message)
}

process.on('message', (order: PlainOrder) => {
  if (order.type === 'open') void open(order)
  else if (order.type === 'produce') void produce(order)
  else void awaitAll(order)
})
process.on('disconnect', () => process.exit(0))
