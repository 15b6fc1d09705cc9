import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Kafka } from '../../../../infra/kafka/kafka.ts'
import { openCommands } from '../../../../pipeline/services/commands-taken.ts'
import type { Message } from '../../../../schemas/messages.ts'
import { until } from '../../../support/holdfast-process.ts'
import { openMemoryKafka } from '../../../support/memory-kafka.ts'
import { startRoles } from '../../../support/service-process.ts'

const commanded = (commandId: string): Message => ({
  type: 'endpoint.commanded',
  commandId,
  url: 'http://127.0.0.1:9',
  reason: 'a test',
})

test('what was taken is committed once it is answered, and nothing behind what is not', () => {
  const committed: number[] = []
  const { taken, answered, forget } = openCommands((offset) => committed.push(offset))
  taken(commanded('a'), 4)
  taken(commanded('b'), 5)
  assert.deepEqual(committed, [])
  answered('b')
  answered('of somebody else')
  assert.deepEqual(committed.splice(0), [4])
  answered('a')
  assert.deepEqual(committed.splice(0), [6])
  taken({ type: 'endpoint.pinned', reason: 'a test' }, 6)
  assert.deepEqual(committed.splice(0), [7])
  taken(commanded('c'), 7)
  forget()
  answered('c')
  assert.deepEqual(committed, [])
})

/** A way to Kafka whose transactions can be held up for ever. */
const heldUp = (kafka: Kafka) => {
  let state: 'going' | 'held' = 'going'
  const client: Kafka = {
    ...kafka,
    takeOver: async (id) => {
      const transactions = await kafka.takeOver(id)
      return {
        ...transactions,
        publish: (outgoing) =>
          state === 'held' ? new Promise(() => undefined) : transactions.publish(outgoing),
      }
    },
  }
  const hold = (): void => {
    state = 'held'
  }
  return { client, hold }
}

test('a command that a manager has taken when it loses its place is obeyed by the next one', async (t) => {
  const kafka = openMemoryKafka(1)
  const settings = { endpoint: { url: 'http://127.0.0.1:8' } }
  const { client, hold } = heldUp(kafka.client())
  const former = await startRoles(client, ['endpoint-manager'], settings)
  await until(
    () => former.observed.endpoint().url,
    (url) => url === 'http://127.0.0.1:8',
  )
  const next = await startRoles(kafka.client(), ['endpoint-manager'], settings)
  t.after(() => next.stop())
  hold()
  const answer = next.observed.command({
    kind: 'set',
    url: 'http://127.0.0.1:9',
    reason: 'a test',
  })
  await until(
    () => former.observed.endpoint().state,
    (state) => state === 'assigning',
  )
  await former.stop()
  assert.equal((await answer).kind, 'assigned')
  assert.equal(next.observed.endpoint().url, 'http://127.0.0.1:9')
})
