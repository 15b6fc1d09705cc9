import type { AddressInfo } from 'node:net'
import { createServer, type Socket } from 'node:net'
import {
  type OtlpHttpOptions,
  openOtlpHttpEndpoint,
} from '../../../../infra/endpoints/otlp-http.ts'
import { openWriter, writeMessage, writeText, written } from '../../../../infra/otlp/writer.ts'
import { openLog } from '../../../../infra/telemetry/log.ts'
import { batchId, epoch, instant, seq } from '../../../../schemas/brand.ts'
import type { Assignment, Held } from '../../../../schemas/messages.ts'

/** A request of `count` records, each with a body of its own. */
export const payloadOf = (count: number, text = 'line'): Buffer => {
  const writer = openWriter()
  writeMessage(writer, 1, () =>
    writeMessage(writer, 2, () => {
      for (let index = 0; index < count; index += 1)
        writeMessage(writer, 2, () =>
          writeMessage(writer, 5, () => writeText(writer, 1, `${text} ${index}`)),
        )
    }),
  )
  return Buffer.from(written(writer))
}

export const heldOf = (
  first: number,
  last: number,
  { tenant = 'acme', service = 'auth' } = {},
): Held => {
  const coordinates = {
    producer: 'edge-1.7',
    tenant,
    service,
    firstSeq: seq(first),
    lastSeq: seq(last),
  }
  return {
    batch: {
      ...coordinates,
      id: batchId(coordinates),
      bytes: 1,
      priority: 'normal',
      fromMs: instant(0),
      toMs: instant(0),
      acceptedAtMs: instant(0),
    },
    at: { segment: 1, offset: first },
  }
}

export const assignmentTo = (url: string): Assignment => ({
  epoch: epoch(7),
  url,
  reason: 'test',
  by: 'operator',
  atMs: instant(0),
})

export const openTestEndpoint = (
  options: Partial<OtlpHttpOptions> = {},
  lines: string[] = [],
): ReturnType<typeof openOtlpHttpEndpoint> =>
  openOtlpHttpEndpoint({
    origins: { url: 'http://127.0.0.1:1', headers: {}, hosts: [] },
    tenancyHeader: 'x-scope-orgid',
    compression: 'none',
    connectionsMax: 8,
    version: '1.2.3',
    log: openLog({ write: (line) => lines.push(line), level: 'debug', now: Date.now }),
    ...options,
  })

/** An attempt with ten records, by default in one payload. */
export const attemptAt = (
  url: string,
  options: {
    readonly payload?: readonly Uint8Array[]
    readonly timeoutMs?: number
    readonly signal?: AbortSignal
    readonly held?: readonly Held[]
  } = {},
) => ({
  assignment: assignmentTo(url),
  piece: { held: options.held ?? [heldOf(0, 9)], cut: null },
  payload: options.payload ?? [payloadOf(10)],
  deadlineMs: instant(Date.now() + (options.timeoutMs ?? 10_000)),
  signal: options.signal ?? new AbortController().signal,
})

/** A server that is given each connection as it is, and what has come over it so far. */
export const openRawServer = async (onConnection: (socket: Socket) => void) => {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    // What the client does to the connection is its business; the test looks at the verdict.
    socket.on('error', () => socket.destroy())
    socket.on('close', () => sockets.delete(socket))
    onConnection(socket)
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    openSockets: () => sockets.size,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
