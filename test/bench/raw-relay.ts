/**
 * The relay on bare sockets: what is left of it without an HTTP library on either side, as near to the
 * system calls as Node comes. It understands the loader and the sink of these measurements and no more
 * of HTTP than they speak: `content-length`, one request at a time on a connection.
 *
 *     node test/bench/raw-relay.ts --to URL --file FILE [--segment-bytes N --segments-max N]
 */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { type Body, openRelayStore, relayOptions, senders, tellReady } from './relay-store.ts'

const options = relayOptions()
const to = new URL(options.to)
const headEnd = Buffer.from('\r\n\r\n')
const ok = Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')
const headBytesMax = 64 * 1024

/** Hands over one message after the other that a socket brings, its body as slices of what was read. */
const onMessages = (socket: Socket, take: (head: string, body: Body) => void): void => {
  let head: Buffer = Buffer.alloc(0)
  let text = ''
  let pieces: Buffer[] = []
  let length = 0
  let wanted = -1
  socket.on('data', (chunk: Buffer) => {
    let rest = chunk
    if (wanted < 0) {
      head = head.length === 0 ? rest : Buffer.concat([head, rest])
      const at = head.indexOf(headEnd)
      if (at < 0) {
        if (head.length > headBytesMax) socket.destroy(new Error('a head without an end'))
        return
      }
      text = head.toString('latin1', 0, at).toLowerCase()
      wanted = Number(/^content-length: *(\d+)/m.exec(text)?.[1])
      if (Number.isNaN(wanted)) {
        socket.destroy(new Error('a message without content-length'))
        return
      }
      rest = head.subarray(at + headEnd.length)
      head = Buffer.alloc(0)
    }
    if (rest.length > 0) pieces.push(rest)
    length += rest.length
    if (length < wanted) return
    const body = { pieces, length }
    ;[pieces, length, wanted] = [[], 0, -1]
    take(text, body)
  })
}

/** Of a sender: its connection, made anew when it broke, and who waits for an answer on it. */
type Line = { socket: Socket | null; answered: ((isOk: boolean) => void) | null }
const lines: readonly Line[] = Array.from({ length: senders }, () => ({
  socket: null,
  answered: null,
}))

const socketOf = (line: Line): Socket => {
  if (line.socket !== null) return line.socket
  const socket = connect({ host: to.hostname, port: Number(to.port), noDelay: true })
  const answer = (isOk: boolean): void => {
    line.answered?.(isOk)
    line.answered = null
  }
  onMessages(socket, (head) => answer(head.startsWith('http/1.1 200')))
  // Nobody listens there at the moment: it is tried again.
  socket.on('error', () => answer(false))
  socket.on('close', () => {
    line.socket = null
    answer(false)
  })
  line.socket = socket
  return socket
}

const isTaken = ({ pieces, length }: Body, sender: number): Promise<boolean> =>
  new Promise((resolve) => {
    const line = lines[sender]
    if (line === undefined) throw new Error(`There is no sender ${sender}.`)
    const socket = socketOf(line)
    line.answered = resolve
    socket.cork()
    socket.write(
      `POST /v1/logs HTTP/1.1\r\nhost: ${to.host}\r\ncontent-type: application/x-protobuf\r\ncontent-length: ${length}\r\n\r\n`,
    )
    for (const piece of pieces) socket.write(piece)
    socket.uncork()
  })

const store = await openRelayStore(options, isTaken)
const server = createServer({ noDelay: true }, (socket) => {
  socket.on('error', (error) => process.stderr.write(`raw-relay: ${error.message}\n`))
  onMessages(socket, (_, body) => store.take({ body, answer: () => socket.write(ok) }))
})
server.listen(0, '127.0.0.1', () => tellReady((server.address() as AddressInfo).port))
process.once('SIGTERM', () => process.exit(0))
