import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { Webhook as StandardWebhook } from 'standardwebhooks'
import { openWebhook, type Webhook } from '../../../../infra/notices/webhook.ts'
import { verifiedNotice } from '../../../examples/verified-notice.ts'
import { type HookAnswer, openWebhookReceiver } from '../../../support/webhook-receiver.ts'

const encoded = `whsec_${Buffer.from('a key of twenty-four bytes').toString('base64')}`
const raw = 'an ordinary text, long enough'
const notice = { id: 'drop-1-2', event: '{"specversion":"1.0","data":{"tenant":"Łódź"}}' }

const webhookAt = (
  t: TestContext,
  url: string,
  { secret = null, timeoutMs = 5_000 }: { secret?: string | null; timeoutMs?: number } = {},
): Webhook => {
  const webhook = openWebhook({
    url,
    headers: { authorization: 'Bearer hook' },
    secret,
    timeoutMs,
    version: '9.9',
    now: Date.now,
  })
  t.after(webhook.close)
  return webhook
}

const receiverOf = async (t: TestContext, answer?: HookAnswer) => {
  const receiver = await openWebhookReceiver(answer === undefined ? {} : { answer })
  t.after(receiver.close)
  return receiver
}

test('a CloudEvent is posted as it is, with its id, its time and the headers of the webhook', async (t) => {
  const receiver = await receiverOf(t)
  const told = await webhookAt(t, `${receiver.url}/in/box?key=1`).tell(notice)
  assert.deepEqual(told, { kind: 'acknowledged' })
  const [posted] = receiver.posted()
  assert.equal(posted?.path, '/in/box?key=1')
  assert.equal(posted?.body, notice.event)
  const { headers } = posted ?? {}
  assert.equal(headers?.['content-type'], 'application/cloudevents+json; charset=utf-8')
  assert.equal(headers?.authorization, 'Bearer hook')
  assert.equal(headers?.['user-agent'], 'holdfast/9.9')
  assert.equal(headers?.['webhook-id'], notice.id)
  assert.equal(headers?.['webhook-signature'], undefined)
  const ageSeconds = Date.now() / 1000 - Number(headers?.['webhook-timestamp'])
  assert.ok(ageSeconds >= 0 && ageSeconds < 60, `${ageSeconds} s`)
})

for (const { form, secret, verifier } of [
  { form: 'in base64', secret: encoded, verifier: new StandardWebhook(encoded) },
  { form: 'as text', secret: raw, verifier: new StandardWebhook(raw, { format: 'raw' }) },
])
  test(`the library of Standard Webhooks, and the recipe, verify the signature of a secret ${form}`, async (t) => {
    const receiver = await receiverOf(t)
    await webhookAt(t, receiver.url, { secret }).tell(notice)
    const [posted] = receiver.posted()
    const headers = posted?.headers as Record<string, string>
    const body = posted?.body ?? ''
    assert.deepEqual(verifier.verify(body, headers), JSON.parse(notice.event))
    assert.deepEqual(verifiedNotice({ headers, body }, secret), JSON.parse(notice.event))
    assert.throws(
      () => verifiedNotice({ headers, body }, 'another secret altogether'),
      /not signed/,
    )
    const old = { ...headers, 'webhook-timestamp': '1700000000' }
    assert.throws(() => verifiedNotice({ headers: old, body }, secret), /not signed/)
    assert.throws(() => verifier.verify(`${posted?.body} `, headers), /No matching signature/)
  })

const outcomes: readonly {
  readonly what: string
  readonly answer: HookAnswer
  readonly told: object
}[] = [
  {
    what: 'a 200 whose body never ends is an acknowledgement',
    answer: { kind: 'endless' },
    told: { kind: 'acknowledged' },
  },
  {
    what: 'a 503 is a failure, with the pause that it asks for',
    answer: { kind: 'status', status: 503, headers: { 'retry-after': '7' } },
    told: { kind: 'failed', detail: 'it answered 503', retryAfterMs: 7_000 },
  },
  {
    what: 'a 410 means that nothing is wanted any more',
    answer: { kind: 'status', status: 410 },
    told: { kind: 'gone', detail: 'it answered 410' },
  },
  {
    what: 'a redirect is not followed: the secret and the headers are for this webhook alone',
    answer: { kind: 'status', status: 307, headers: { location: 'http://127.0.0.1:9/' } },
    told: {
      kind: 'failed',
      detail: 'it answered 307; redirects of webhooks are not followed',
      retryAfterMs: null,
    },
  },
]
for (const { what, answer, told } of outcomes)
  test(what, async (t) => {
    const receiver = await receiverOf(t, answer)
    const webhook = webhookAt(t, receiver.url, { timeoutMs: 500 })
    assert.deepEqual(await webhook.tell(notice), told)
    assert.equal(receiver.posted().length, 1)
  })

test('one that hangs, breaks off or is not there has failed, and it is said how', async (t) => {
  const receiver = await receiverOf(t, { kind: 'hang' })
  const webhook = webhookAt(t, receiver.url, { timeoutMs: 200 })
  const failed = async (): Promise<string> => {
    const told = await webhook.tell(notice)
    return told.kind === 'failed' ? told.detail : told.kind
  }
  assert.equal(await failed(), 'no answer within 200 ms')
  receiver.answer({ kind: 'reset' })
  assert.match(await failed(), /UND_ERR_SOCKET|ECONNRESET/)
  await receiver.close()
  t.after(() => undefined)
  assert.match(await failed(), /ECONNREFUSED/)
})
