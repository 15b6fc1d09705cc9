/**
 * The yardstick: the least that a durable pipeline in Node has to do. node:http in, a synced file, undici
 * out. No actors, no checksums, no account, no streams, no recovery.
 *
 *     node test/bench/relay.ts --to URL --file FILE [--segment-bytes N --segments-max N]
 */
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Pool } from 'undici'
import { type Body, openRelayStore, relayOptions, senders, tellReady } from './relay-store.ts'

const options = relayOptions()
const pool = new Pool(options.to, { connections: senders, pipelining: 1 })

const bodyOf = async (request: IncomingMessage): Promise<Body> => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  const whole = Buffer.concat(chunks)
  return { pieces: [whole], length: whole.length }
}

const isTaken = async ({ pieces }: Body): Promise<boolean> => {
  try {
    const answer = await pool.request({
      method: 'POST',
      path: '/v1/logs',
      headers: { 'content-type': 'application/x-protobuf' },
      body: pieces[0] ?? null,
    })
    await answer.body.dump()
    return answer.statusCode === 200
  } catch {
    // Nobody listens there at the moment: it is tried again.
    return false
  }
}

const store = await openRelayStore(options, isTaken)
const server = createServer(async (request, response) => {
  const body = await bodyOf(request)
  store.take({ body, answer: () => response.writeHead(200, { 'content-length': 0 }).end() })
})
server.listen(0, '127.0.0.1', () => tellReady((server.address() as AddressInfo).port))
process.once('SIGTERM', () => process.exit(0))
