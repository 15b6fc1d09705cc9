import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import type { Refusal } from '../../../../actors/collector/protocol.ts'
import type { StreamPart } from '../../../../infra/otlp/split.ts'
import { openIntake } from '../../../../infra/sources/intake-queue.ts'
import { type Limits, openOtlpHttpSource } from '../../../../infra/sources/otlp-http.ts'
import { batchId, seq } from '../../../../schemas/brand.ts'

/**
 * A source over a real intake, whose groups are taken and acknowledged as a collector with a record
 * log would, or left alone (`holding`).
 */
export const openSource = async (
  context: TestContext,
  {
    limits,
    consumer = 'keeping',
    queueRequestsMax = 1_000,
  }: {
    readonly limits?: Partial<Limits>
    readonly consumer?: 'keeping' | 'holding'
    readonly queueRequestsMax?: number
  } = {},
) => {
  const intake = openIntake({
    recordsMax: 1_000,
    bytesMax: 1_048_576,
    queueBytesMax: 64 * 1_048_576,
    queueRequestsMax,
    lingerMs: 0,
    priorityOf: () => 'normal',
    now: Date.now,
  })
  const kept: { readonly tenant: string; readonly service: string; readonly payload: Buffer }[] = []
  const keep = (): void =>
    intake.take(({ appendId, parts }) => {
      const batches = parts.map(({ records, ...part }) => {
        const range = { firstSeq: seq(0), lastSeq: seq(records - 1) }
        const coordinates = { producer: 'p', ...part, ...range }
        return { ...coordinates, id: batchId(coordinates) }
      })
      for (const { batch, payload } of intake.payloads(appendId, batches) ?? [])
        kept.push({ ...batch, payload: Buffer.concat(payload) })
      intake.acknowledge(appendId)
      keep()
    })
  if (consumer === 'keeping') keep()
  const refused: { readonly parts: readonly StreamPart[]; readonly reason: Refusal['reason'] }[] =
    []
  const statuses: number[] = []
  const errors: unknown[] = []
  /** Emits `offered` when a request has come through to the intake. */
  const arrivals = new EventEmitter()
  const source = await openOtlpHttpSource({
    listen: { host: '127.0.0.1', port: 0 },
    intake: {
      offer: (request) => {
        arrivals.emit('offered')
        return intake.offer(request)
      },
    },
    tenancy: {
      header: 'x-scope-orgid',
      resourceAttribute: 'tenant.id',
      defaultTenant: 'default',
    },
    limits: {
      requestBytesMax: 1_000_000,
      decompressedBytesMax: 5_000_000,
      connectionsMax: 100,
      ...limits,
    },
    onRefused: (parts, reason) => refused.push({ parts, reason }),
    onAnswer: ({ status }) => statuses.push(status),
    log: { debug: () => undefined, warn: () => undefined, error: (...line) => errors.push(line) },
  })
  context.after(() => source.close({ signal: AbortSignal.abort() }))
  const url = `${source.url}/v1/logs`
  const post = (
    body: Uint8Array | string | null,
    headers: Record<string, string> = {},
    path = url,
  ): Promise<Response> =>
    fetch(path, {
      method: 'POST',
      body: body as string | Uint8Array<ArrayBuffer> | null,
      headers: { 'content-type': 'application/x-protobuf', ...headers },
    })
  return { source, intake, url, post, kept, keep, refused, statuses, errors, arrivals }
}

/** A connection below HTTP, for what no client library would do. */
export const connectTo = async (url: string): Promise<Socket> => {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  await once(socket, 'connect')
  // The other side may break it off; anything else is a fault of the test, and ends it.
  socket.on('error', ({ code }: NodeJS.ErrnoException) =>
    assert.match(`${code}`, /ECONNRESET|EPIPE/),
  )
  return socket
}

/** All that comes until the other side closes. */
export const readAll = async (socket: Socket): Promise<string> => {
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  if (!socket.closed) await once(socket, 'close')
  return Buffer.concat(chunks).toString('latin1')
}
