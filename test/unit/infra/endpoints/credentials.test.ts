import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  CredentialsError,
  type Origins,
  openCredentials,
} from '../../../../infra/endpoints/credentials.ts'

const origins: Origins = {
  url: 'https://one.example/base',
  headers: { Authorization: 'Bearer token-of-one' },
  hosts: [
    { host: 'EU.example', headers: { authorization: 'Bearer token-of-eu' } },
    { host: 'us.example:8443', headers: { 'x-key': 'token-of-us' } },
  ],
}
const open = (changed: Partial<Origins> = {}) =>
  openCredentials({ ...origins, ...changed }, 'X-Scope-OrgID')
const headersFor = (url: string) => open().headersFor(new URL(url))

test('the headers of the configured url go to exactly its scheme, host and port', () => {
  const own = { authorization: 'Bearer token-of-one' }
  assert.deepEqual(headersFor('https://one.example/v1/logs'), own)
  assert.deepEqual(headersFor('https://one.example:443/elsewhere'), own)
  for (const other of [
    'https://one.example:8443/',
    'http://one.example/',
    'https://www.one.example/',
    'https://one.example.evil.example/',
    'https://evil.example/one.example',
    'https://two.example/',
  ])
    assert.deepEqual(headersFor(other), {}, other)
})

test('the headers of an allowed host go to that host, on the port that it names', () => {
  assert.deepEqual(headersFor('https://eu.example:4318/'), { authorization: 'Bearer token-of-eu' })
  assert.deepEqual(headersFor('https://us.example:8443/'), { 'x-key': 'token-of-us' })
  assert.deepEqual(headersFor('https://us.example/'), {})
  assert.deepEqual(headersFor('https://a.eu.example/'), {})
})

test('nothing is sent in clear where the configured endpoint is encrypted', () => {
  assert.deepEqual(headersFor('http://eu.example/'), {})
  const plain = open({ url: 'http://one.example' })
  assert.deepEqual(plain.headersFor(new URL('http://eu.example/')), {
    authorization: 'Bearer token-of-eu',
  })
})

test('a header that a request sets by itself is refused, and so is a wildcard host', () => {
  for (const name of ['Host', 'content-length', 'Holdfast-Batch', 'traceparent', 'x-scope-orgid'])
    assert.throws(() => open({ headers: { [name]: 'top-secret' } }), CredentialsError)
  assert.throws(() => open({ hosts: [{ host: '*.example', headers: {} }] }), CredentialsError)
})

test('a header that cannot be sent is refused without its value being told', () => {
  for (const headers of [{ 'bad name': 'top-secret' }, { authorization: 'top-secret\r\nx: y' }])
    assert.throws(
      () => open({ headers }),
      (error: Error) => error instanceof CredentialsError && !error.message.includes('top-secret'),
    )
})

test('every secret is taken out of a text, with and without its scheme', () => {
  const { redact } = open()
  assert.equal(
    redact('got "Bearer token-of-one" and token-of-eu and token-of-us'),
    'got "[redacted]" and [redacted] and [redacted]',
  )
})
