import type { IncomingMessage } from 'node:http'
import { type Answer, refusal } from './answer.ts'

export type Body =
  | { readonly kind: 'mapping'; readonly value: Readonly<Record<string, unknown>> }
  | { readonly kind: 'refused'; readonly answer: Answer }

const bodyBytesMax = 64 * 1024

/** The JSON mapping that a call carries, such as `example`. No body at all is an empty one. */
export const readBody = async (request: IncomingMessage, example: string): Promise<Body> => {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength
    if (bytes > bodyBytesMax)
      return refused(413, 'the body is too large', `${bodyBytesMax} bytes at most`)
    chunks.push(chunk)
  }
  if (bytes === 0) return { kind: 'mapping', value: {} }
  const read = parsed(Buffer.concat(chunks).toString('utf8'))
  return 'fault' in read
    ? refused(400, `the body is no JSON object: ${read.fault}`, example)
    : { kind: 'mapping', value: read.value }
}

const parsed = (
  text: string,
): { readonly value: Readonly<Record<string, unknown>> } | { readonly fault: string } => {
  try {
    const value: unknown = JSON.parse(text)
    if (value === null) return { fault: 'it is null' }
    if (typeof value !== 'object') return { fault: `it is a ${typeof value}` }
    if (Array.isArray(value)) return { fault: 'it is a list' }
    return { value: value as Readonly<Record<string, unknown>> }
  } catch (cause) {
    // It quotes the place.
    if (cause instanceof SyntaxError) return { fault: cause.message }
    throw cause
  }
}

const refused = (status: number, error: string, allowed: string): Body => ({
  kind: 'refused',
  answer: refusal({ status, error, allowed }),
})
