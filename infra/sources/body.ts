import type { IncomingMessage } from 'node:http'
import { promisify } from 'node:util'
import { gunzip, inflate } from 'node:zlib'
import { declareOwn } from '../memory/holds.ts'

export type BodyLimits = {
  /** Of one body, as sent and decompressed. */
  readonly requestBytesMax: number
  readonly decompressedBytesMax: number
  /** Of all bodies at a time. */
  readonly heldBytesMax: number
}
export const codings = ['identity', 'gzip', 'deflate'] as const
export type Coding = (typeof codings)[number]

export type Body =
  /** In as many pieces as it came in, unless they are small. */
  | { readonly kind: 'read'; readonly pieces: readonly Buffer[] }
  | { readonly kind: 'tooLarge' | 'undecodable'; readonly message: string }
  /** Too many bytes of other requests are held: come again. */
  | { readonly kind: 'crowded' }
  /** The client is gone. */
  | { readonly kind: 'aborted' }

/** Reads bodies, one a lease. All bytes of a lease count as held until it is released. */
export type BodyReader = { readonly lease: () => BodyLease }
export type BodyLease = {
  readonly read: (request: IncomingMessage, coding: Coding) => Promise<Body>
  readonly release: () => void
}

/**
 * Decompressions at a time, as many as Node has threads for. Each may hold `decompressedBytesMax`
 * before it is counted, so without this bound many small bodies could fill the memory together.
 */
const decompressionsMax = 4
/** Pieces that are smaller on average are joined: each costs something wherever it goes. */
const pieceBytesMin = 16 * 1024
/** Pieces that are smaller are left to V8: what it costs to count their users is more than they are. */
const ownBytesMin = 4 * 1024
const chunkBytesMin = 16 * 1024
const chunkBytesMax = 1024 * 1024
/** Guessed: what logs usually grow to. A wrong guess costs a copy. */
const growth = 8

export const openBodyReader = (limits: BodyLimits): BodyReader => {
  const gate = openGate(decompressionsMax)
  let heldBytes = 0
  const lease = (): BodyLease => {
    let leasedBytes = 0
    const hold = (count: number): 'held' | 'crowded' => {
      leasedBytes += count
      heldBytes += count
      return heldBytes > limits.heldBytesMax ? 'crowded' : 'held'
    }
    const release = (): void => {
      heldBytes -= leasedBytes
      leasedBytes = 0
    }
    const read = async (request: IncomingMessage, coding: Coding): Promise<Body> => {
      const body = await collect(request, { bytesMax: limits.requestBytesMax, hold })
      if (body.kind !== 'read' || coding === 'identity') return body
      const bytesMax = limits.decompressedBytesMax
      const plain = await gate(() => decompress(body.pieces, { coding, bytesMax }))
      if (plain.kind === 'read' && hold(bytesOf(plain.pieces)) === 'crowded')
        return { kind: 'crowded' }
      return plain
    }
    return { read, release }
  }
  return { lease }
}

const tooLargeMessage = (limit: string): string =>
  `The body is larger than ${limit}. Send fewer records at a time.`

type Collecting = {
  readonly bytesMax: number
  readonly hold: (count: number) => 'held' | 'crowded'
}

/** Settles once, with the body or with why there is none, and reads no further then. */
const collect = (request: IncomingMessage, { bytesMax, hold }: Collecting): Promise<Body> => {
  const tooLarge: Body = {
    kind: 'tooLarge',
    message: tooLargeMessage(`${bytesMax} bytes`),
  }
  if (Number(request.headers['content-length'] ?? 0) > bytesMax) return Promise.resolve(tooLarge)
  const { promise, resolve } = Promise.withResolvers<Body>()
  const chunks: Buffer[] = []
  let count = 0
  const onData = (chunk: Buffer): void => {
    count += chunk.length
    if (count > bytesMax) settle(tooLarge)
    else if (hold(chunk.length) === 'crowded') settle({ kind: 'crowded' })
    else chunks.push(chunk)
  }
  const onEnd = (): void => {
    const small = chunks.length > 1 && count < chunks.length * pieceBytesMin
    const pieces = small ? [Buffer.concat(chunks, count)] : chunks
    // Node has copied each chunk out of what it read from the socket, and keeps none of them.
    for (const piece of pieces) if (piece.length >= ownBytesMin) declareOwn(piece)
    settle({ kind: 'read', pieces })
  }
  const onGone = (): void => settle({ kind: 'aborted' })
  const settle = (body: Body): void => {
    request.off('data', onData).off('end', onEnd).off('close', onGone)
    resolve(body)
  }
  // An aborted request has an error event as well, which is for the `close` event to report.
  request.on('error', onGone).on('close', onGone).on('end', onEnd).on('data', onData)
  return promise
}

const unpack = { gzip: promisify(gunzip), deflate: promisify(inflate) } as const

const bytesOf = (pieces: readonly Buffer[]): number =>
  pieces.reduce((sum, { length }) => sum + length, 0)

const decompress = async (
  pieces: readonly Buffer[],
  { coding, bytesMax }: { readonly coding: 'gzip' | 'deflate'; readonly bytesMax: number },
): Promise<Body> => {
  const [only] = pieces
  const bytes = pieces.length === 1 && only !== undefined ? only : Buffer.concat(pieces)
  const chunkSize = Math.min(Math.max(bytes.length * growth, chunkBytesMin), chunkBytesMax)
  try {
    const plain = await unpack[coding](bytes, { maxOutputLength: bytesMax, chunkSize })
    return { kind: 'read', pieces: [plain] }
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
    if (code === 'ERR_BUFFER_TOO_LARGE')
      return {
        kind: 'tooLarge',
        message: tooLargeMessage(`${bytesMax} bytes when it is decompressed`),
      }
    if (code.startsWith('Z_')) {
      const message = `The body is not what its content-encoding says, ${coding}: ${code}.`
      return { kind: 'undecodable', message }
    }
    throw cause
  }
}

/** Lets so many through at a time; the others wait, in their order. */
const openGate = (throughMax: number) => {
  const waiting: (() => void)[] = []
  let through = 0
  return async <Result>(work: () => Promise<Result>): Promise<Result> => {
    if (through >= throughMax) await new Promise<void>((resolve) => waiting.push(resolve))
    else through += 1
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next === undefined) through -= 1
      else next()
    }
  }
}
