import type { IncomingMessage } from 'node:http'
import { type Answer, refusal } from './answer.ts'

export type Body =
  | { readonly kind: 'mapping'; readonly value: Readonly<Record<string, unknown>> }
  | { readonly kind: 'refused'; readonly answer: Answer }

const bodyBytesMax = 64 * 1024

/** The JSON mapping that a call carries. No body at all is an empty one. */
export const readBody = async (request: IncomingMessage): Promise<Body> => {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength
    if (bytes > bodyBytesMax)
      return refused(413, 'the body is too large', `${bodyBytesMax} bytes at most`)
    chunks.push(chunk)
  }
  if (bytes === 0) return { kind: 'mapping', value: {} }
  const value = parsed(Buffer.concat(chunks).toString('utf8'))
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? { kind: 'mapping', value: value as Readonly<Record<string, unknown>> }
    : refused(400, 'the body is no JSON object', '{"reason": "why"}')
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch (cause) {
    if (cause instanceof SyntaxError) return undefined
    throw cause
  }
}

const refused = (status: number, error: string, allowed: string): Body => ({
  kind: 'refused',
  answer: refusal({ status, error, allowed }),
})
