import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Notices, NoticeView } from '../../../../pipeline/notices/notices.ts'
import { call, open } from '../call-admin.ts'
import { handMade } from '../hand-made.ts'
import { holdfast } from '../process.ts'

const notice = (change: Partial<NoticeView>): NoticeView => ({
  id: 'drop-1-2',
  webhook: 'ops',
  type: 'io.holdfast.drop',
  subject: 'acme',
  state: 'waiting',
  openedAtMs: 1_000,
  attempts: 3,
  nextAtMs: 2_000,
  failure: 'it answered 503',
  event: '{"specversion":"1.0"}',
  ...change,
})
const growing = notice({ id: null, state: 'growing', nextAtMs: null, failure: null, event: null })
const evil = notice({ id: 'x', subject: '\u001b[31mevil', state: 'dead', nextAtMs: null })

const asked: unknown[] = []
const notices: Pick<Notices, 'list' | 'resend'> = {
  list: (tenant) => ({
    webhooks: [{ name: 'ops', tenants: ['*'], pending: 2, dead: 1 }],
    notices: tenant === undefined ? [notice({}), growing, evil] : [],
  }),
  resend: (tenant) => {
    asked.push(tenant)
    return { revived: 1, hurried: 2 }
  },
}

test('notices are listed with their events, and sent again only for who has the token', async (t) => {
  const admin = await open({ observed: handMade({ notices }).observed, token: 'secret' })
  t.after(admin.close)
  const headers = { authorization: 'Bearer secret' }
  const listed = await call(admin, '/api/v1/notices', { headers })
  const { webhooks, notices: shown, omitted } = JSON.parse(listed.text)
  assert.deepEqual([listed.status, omitted, webhooks[0].dead], [200, 0, 1])
  assert.deepEqual(shown[0], {
    id: 'drop-1-2',
    webhook: 'ops',
    type: 'io.holdfast.drop',
    subject: 'acme',
    state: 'waiting',
    attempts: 3,
    failure: 'it answered 503',
    openedAt: '1970-01-01T00:00:01.000Z',
    nextAt: '1970-01-01T00:00:02.000Z',
    event: { specversion: '1.0' },
  })
  assert.deepEqual([shown[1].id, shown[1].event], [null, null])
  assert.equal((await call(admin, '/api/v1/notices?tennant=a', { headers })).status, 400)
  const post = (body: string, given: Readonly<Record<string, string>> = headers) =>
    call(admin, '/api/v1/notices/resend', { method: 'POST', headers: given, body })
  assert.equal((await post('{}', {})).status, 401)
  assert.equal((await post('{"tenant":7}')).status, 400)
  assert.equal((await post('{"id":"x"}')).status, 400)
  assert.deepEqual(asked, [])
  assert.deepEqual((await post('{"tenant":"acme"}')).json, { revived: 1, hurried: 2 })
  assert.equal((await post('')).status, 202)
  assert.deepEqual(asked, ['acme', undefined])
  assert.equal((await call(admin, '/api/v1/notices/resend', { headers })).status, 405)
})

test('the commands show them to people and to programs', async (t) => {
  const admin = await open({ observed: handMade({ notices }).observed })
  t.after(admin.close)
  const said = (words: string) => holdfast([...words.split(' '), '--admin', admin.url])
  const list = await said('notices list')
  assert.equal(list.status, 0, list.stderr)
  assert.match(list.stdout, /WEBHOOK +TENANTS +PENDING +DEAD\nops +\* +2 +1\n/)
  assert.match(list.stdout, /io\.holdfast\.drop +acme +ops +waiting +3 +1970-01-01T00:00:02\.000Z/)
  assert.ok(!list.stdout.includes('\u001b[31m'), 'an escape sequence reached the terminal')
  assert.equal(JSON.parse((await said('notices list --json')).stdout).notices.length, 3)
  assert.deepEqual(JSON.parse((await said('notices list --tenant acme --json')).stdout).notices, [])
  assert.match((await said('notices resend --tenant a')).stdout, /sent again: 1\. .*at once: 2\./)
  const none = await open({ observed: handMade().observed })
  t.after(none.close)
  const nothing = await holdfast(['notices', 'list', '--admin', none.url])
  assert.equal(nothing.stdout, 'No webhook is configured.\n')
})
