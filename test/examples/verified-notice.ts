import { createHmac, timingSafeEqual } from 'node:crypto'

const ageSecondsMax = 300

/** The notice in a request, if it is signed with the secret and not old; otherwise an error is thrown. */
export const verifiedNotice = (
  request: {
    readonly headers: Readonly<Record<string, string | string[] | undefined>>
    /** As it came: parsed and written again it would be other bytes. */
    readonly body: string
  },
  secret: string,
): unknown => {
  const {
    'webhook-id': id,
    'webhook-timestamp': at,
    'webhook-signature': signatures,
  } = request.headers
  const key = secret.startsWith('whsec_') ? Buffer.from(secret.slice(6), 'base64') : secret
  const expected = createHmac('sha256', key).update(`${id}.${at}.${request.body}`).digest()
  const given = String(signatures)
    .split(' ')
    .filter((signature) => signature.startsWith('v1,'))
    .map((signature) => Buffer.from(signature.slice(3), 'base64'))
  if (!given.some((it) => it.length === expected.length && timingSafeEqual(it, expected)))
    throw new Error('The notice is not signed with this secret.')
  if (!(Math.abs(Date.now() / 1000 - Number(at)) < ageSecondsMax))
    throw new Error('The notice was signed too long ago: somebody may have kept it.')
  return JSON.parse(request.body)
}
