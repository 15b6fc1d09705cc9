import { type Agent, request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { RequestBody } from './request-body.ts'

/** An answer to an export is a few bytes; an error page may be some kilobytes. */
export const answerBytesMax = 64 * 1024
const answerHeadersBytesMax = 16 * 1024

/** As much of the answer to a request as is wanted. */
export type Reply = {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly body: Uint8Array
}

export type Exchange = {
  /** Ends it wherever it is: nothing is called any more. The receiver may have it all the same. */
  readonly breakOff: () => void
}

/**
 * Posts, and reads the answer. The status is told as soon as it is there, since most answers mean the
 * same whether or not the rest of them arrives. Of `onReply` and `onFault` one is called, once.
 */
export const exchange = (options: {
  readonly agent: Agent
  readonly target: URL
  /** What the body is, but not how long. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: RequestBody
  readonly onHead: (head: Reply) => void
  readonly onReply: (reply: Reply) => void
  readonly onFault: (fault: Error) => void
}): Exchange => {
  const { agent, target, body } = options
  let isOver = false
  const end = (tell: () => void): void => {
    if (isOver) return
    isOver = true
    tell()
    // An answer that came before the whole of the request was sent: the rest is of no use to anybody.
    if (!request.writableFinished) request.destroy()
  }
  let answer: IncomingMessage | undefined
  /** An answer that is here as a whole counts, whatever becomes of its connection. */
  const fail = (fault: Error): void => {
    if (answer?.complete !== true) end(() => options.onFault(fault))
  }
  const request = (target.protocol === 'https:' ? httpsRequest : httpRequest)({
    agent,
    protocol: target.protocol,
    hostname: target.hostname.replace(/^\[|\]$/g, ''),
    port: target.port,
    path: `${target.pathname}${target.search}`,
    method: 'POST',
    headers: headerLines(options.headers, { host: target.host, bytes: body.bytes }),
    maxHeaderSize: answerHeadersBytesMax,
  })
  request.on('error', fail)
  // What ends without an error, such as a change of protocol that nobody asked for, is no answer.
  request.on('close', () => {
    // Its connection is closed, or free for the next one, which it is not before all of this one was written.
    // So the operating system is done with the chunks, whatever became of them.
    body.giveBack()
    fail(new Error('the connection ended without an answer'))
  })
  request.on('response', (response) => {
    const { statusCode: status = 0, headers } = response
    const reply = { status, headers, body: new Uint8Array() }
    answer = response
    if (!isOver) options.onHead(reply)
    response.on('error', fail)
    // A receiver may close behind its answer and not have said so. Read at once, the connection would be
    // free, and the next request be lost on it: so that is let come, and be seen, first.
    const read = (): void =>
      readBody(response, {
        onBody: (start) => end(() => options.onReply({ ...reply, body: start })),
        breakOff: () => request.destroy(),
      })
    setImmediate(() => setImmediate(read))
  })
  for (const chunk of body.chunks.slice(0, -1)) request.write(chunk)
  request.end(body.chunks.at(-1))
  return {
    breakOff: () => {
      isOver = true
      request.destroy()
    },
  }
}

/** Name, value, name, value …: the client sends a list as it is. */
const headerLines = (
  headers: Readonly<Record<string, string>>,
  { host, bytes }: { readonly host: string; readonly bytes: number },
): string[] => {
  const lines = ['host', host, 'content-length', String(bytes)]
  for (const name in headers) lines.push(name, headers[name] as string)
  return lines
}

/** The first bytes of a body. One that is longer is broken off, with its connection. */
const readBody = (
  response: IncomingMessage,
  {
    onBody,
    breakOff,
  }: { readonly onBody: (start: Uint8Array) => void; readonly breakOff: () => void },
): void => {
  const chunks: Buffer[] = []
  let bytes = 0
  const tell = (): void => {
    const [only] = chunks
    const all = chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks)
    onBody(all.subarray(0, answerBytesMax))
  }
  response.on('data', (chunk: Buffer) => {
    if (bytes >= answerBytesMax) return
    chunks.push(chunk)
    bytes += chunk.byteLength
    if (bytes < answerBytesMax) return
    tell()
    breakOff()
  })
  response.on('end', tell)
}
