import type { Pool } from 'undici'
import type { RequestBody } from './request-body.ts'

/** An answer to an export is a few bytes; an error page may be some kilobytes. */
export const answerBytesMax = 64 * 1024

/** One request over a pool, and as much of the answer as is wanted. */
export type Reply = {
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly body: Uint8Array
}

/**
 * Posts, and reads the answer. The status is told as soon as it is there, since most answers mean the
 * same whether or not the rest of them arrives.
 * @throws what the client throws when there is no answer, or its body breaks off.
 */
export const exchange = async (options: {
  readonly pool: Pool
  readonly target: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body: RequestBody
  readonly signal: AbortSignal
  readonly onHead: (head: Reply) => void
}): Promise<Reply> => {
  const { pool, target, body, signal } = options
  const [only] = body.chunks
  const response = await pool.request({
    method: 'POST',
    path: `${target.pathname}${target.search}`,
    headers: { ...options.headers, 'content-length': String(body.bytes) },
    // The client takes any iterable of chunks, which its types do not say.
    body: (body.chunks.length === 1 ? only : body.chunks) as Uint8Array,
    signal,
  })
  const head = { status: response.statusCode, headers: response.headers, body: new Uint8Array() }
  options.onHead(head)
  return { ...head, body: await start(response.body) }
}

/** The first bytes of a body. One that is longer is broken off, with its connection. */
const start = async (body: AsyncIterable<Uint8Array>): Promise<Uint8Array> => {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of body) {
    chunks.push(chunk)
    bytes += chunk.byteLength
    if (bytes >= answerBytesMax) break
  }
  const [only] = chunks
  const all = chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks)
  return all.subarray(0, answerBytesMax)
}
