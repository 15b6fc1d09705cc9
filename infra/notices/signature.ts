/**
 * Signatures of webhooks as Standard Webhooks has them: HMAC-SHA256 over `id.timestamp.body`.
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
import { createHmac } from 'node:crypto'

const encodedPrefix = 'whsec_'

/** The key that a secret stands for: behind `whsec_` it is written in base64, otherwise it is the text. */
export const keyOf = (secret: string): Buffer =>
  secret.startsWith(encodedPrefix)
    ? Buffer.from(secret.slice(encodedPrefix.length), 'base64')
    : Buffer.from(secret, 'utf8')

/** The headers of one attempt. Without a secret there is no signature, and the rest all the same. */
export const signatureHeaders = (given: {
  readonly id: string
  readonly atMs: number
  readonly body: string
  readonly secret: string | null
}): Readonly<Record<string, string>> => {
  const { id, atMs, body, secret } = given
  const timestamp = String(Math.floor(atMs / 1000))
  const headers = { 'webhook-id': id, 'webhook-timestamp': timestamp }
  if (secret === null) return headers
  const signature = createHmac('sha256', keyOf(secret))
    .update(`${id}.${timestamp}.${body}`)
    .digest('base64')
  return { ...headers, 'webhook-signature': `v1,${signature}` }
}
