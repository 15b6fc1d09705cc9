/**
 * The yardstick: the least that a durable pipeline in Node has to do. node:http in, a file and one
 * `fdatasync` for all requests that came during the one before, undici out. No actors, no checksums,
 * no account, no streams, no recovery: what is in its file is lost to it when it stops.
 *
 *     node test/bench/relay.ts --to URL --file FILE
 */
import { open } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { parseArgs } from 'node:util'
import { Pool } from 'undici'

const connections = 8
/** Of bodies in memory; those beyond it are read back from the file. */
const heldBytesMax = 32 * 1024 * 1024
const retryMs = 100

type Stored = { readonly offset: number; readonly length: number; body: Buffer | null }

const { values } = parseArgs({ options: { to: { type: 'string' }, file: { type: 'string' } } })
const file = await open(values.file ?? '', 'wx+')
const pool = new Pool(values.to ?? '', { connections, pipelining: 1 })
const incoming: { readonly body: Buffer; readonly response: ServerResponse }[] = []
const outgoing: Stored[] = []
let end = 0
let heldBytes = 0
let committing = false
let sending = 0

const bodyOf = async (request: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks)
}

const commit = async (): Promise<void> => {
  if (committing) return
  committing = true
  while (incoming.length > 0) {
    const group = incoming.splice(0)
    await file.writev(
      group.map(({ body }) => body),
      end,
    )
    await file.datasync()
    for (const { body, response } of group) {
      outgoing.push({ offset: end, length: body.length, body: hold(body) })
      end += body.length
      response.writeHead(200, { 'content-length': 0 }).end()
    }
    while (sending < connections && outgoing.length > 0) void send()
  }
  committing = false
}

const hold = (body: Buffer): Buffer | null => {
  if (heldBytes + body.length > heldBytesMax) return null
  heldBytes += body.length
  return body
}

/** One of so many that send at a time. Ends when nothing is left. */
const send = async (): Promise<void> => {
  sending += 1
  for (let stored = outgoing.shift(); stored !== undefined; stored = outgoing.shift()) {
    const body = stored.body ?? Buffer.allocUnsafe(stored.length)
    if (stored.body === null) await file.read(body, 0, stored.length, stored.offset)
    else heldBytes -= stored.length
    while (!(await isTaken(body))) await new Promise((resolve) => setTimeout(resolve, retryMs))
  }
  sending -= 1
}

const isTaken = async (body: Buffer): Promise<boolean> => {
  try {
    const answer = await pool.request({
      method: 'POST',
      path: '/v1/logs',
      headers: { 'content-type': 'application/x-protobuf' },
      body,
    })
    await answer.body.dump()
    return answer.statusCode === 200
  } catch {
    // Nobody listens there at the moment: it is tried again.
    return false
  }
}

const server = createServer(async (request, response) => {
  incoming.push({ body: await bodyOf(request), response })
  await commit()
})
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo
  process.stdout.write(`${JSON.stringify({ event: 'ready', url: `http://127.0.0.1:${port}` })}\n`)
})
process.once('SIGTERM', () => process.exit(0))
