/** Who gets the next connection. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { openLog } from '../../../../infra/telemetry/log.ts'
import { openFrontDoor, type Taker } from '../../../../pipeline/workers/front-door.ts'

const log = openLog({ write: () => undefined, level: 'error', now: Date.now })

test('a connection goes to whoever has the fewest, in turn among equals, and nobody is waited for', async (t) => {
  const held: Socket[][] = [[], [], []]
  const handed: number[] = []
  const takers = held.map(
    (sockets, index): Taker => ({
      connections: () => sockets.length,
      hand: (socket) => {
        sockets.push(socket)
        handed.push(index)
        socket.write('.')
      },
    }),
  )
  let up: readonly Taker[] = takers
  const listen = { host: '127.0.0.1', port: 0 }
  const door = await openFrontDoor({ listen, takers: () => up, log })
  const clients: Socket[] = []
  t.after(() => {
    door.close()
    for (const socket of [...clients, ...held.flat()]) socket.destroy()
  })
  const visit = async (): Promise<void> => {
    const client = connect({ host: '127.0.0.1', port: Number(new URL(door.url).port) })
    clients.push(client)
    await once(client, 'data')
  }
  for (let count = 0; count < 6; count += 1) await visit()
  assert.deepEqual(
    held.map(({ length }) => length),
    [2, 2, 2],
  )
  // One has lost its connections, as after a restart: it has its share first.
  for (const socket of held[1]?.splice(0) ?? []) socket.destroy()
  handed.length = 0
  for (let count = 0; count < 2; count += 1) await visit()
  assert.deepEqual(handed, [1, 1])
  up = []
  const refused = connect({ host: '127.0.0.1', port: Number(new URL(door.url).port) })
  clients.push(refused)
  refused.on('error', () => handed.push(-1))
  await once(refused, 'close')
})
