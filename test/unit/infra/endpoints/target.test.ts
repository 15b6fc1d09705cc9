import assert from 'node:assert/strict'
import { test } from 'node:test'
import { baseOf, targetOf } from '../../../../infra/endpoints/target.ts'

test('/v1/logs is appended to a base, whatever its path ends in; a query is kept', () => {
  const cases = {
    'http://a.example': 'http://a.example/v1/logs',
    'http://a.example/': 'http://a.example/v1/logs',
    'https://a.example:8443/otlp//': 'https://a.example:8443/otlp/v1/logs',
    'http://a.example/otlp?zone=eu#here': 'http://a.example/otlp/v1/logs?zone=eu',
    'http://user:pass@a.example': 'http://a.example/v1/logs',
  }
  for (const [base, target] of Object.entries(cases)) assert.equal(targetOf(base)?.href, target)
})

test('what is no http(s) URL has no target', () => {
  for (const base of ['', 'a.example', 'ftp://a.example', 'http://', 'javascript:alert(1)'])
    assert.equal(targetOf(base), undefined)
})

test('a Location is a base again: resolved, without /v1/logs, and the rest of it kept', () => {
  const target = new URL('https://a.example/otlp/v1/logs')
  const cases = {
    'https://b.example/v1/logs': 'https://b.example',
    'https://b.example/in/v1/logs/': 'https://b.example/in',
    'https://b.example': 'https://b.example',
    'https://b.example/in/': 'https://b.example/in/',
    '/eu/v1/logs': 'https://a.example/eu',
    '//b.example:9/v1/logs': 'https://b.example:9',
    logs: 'https://a.example/otlp',
    'https://b.example/v1/logs?zone=eu': 'https://b.example/?zone=eu',
    ' https://u:p@b.example/v1/logs#x ': 'https://b.example',
  }
  for (const [location, base] of Object.entries(cases)) assert.equal(baseOf(location, target), base)
})

test('a base that a Location gave is posted to where the Location pointed', () => {
  const target = new URL('http://a.example/v1/logs')
  for (const location of ['http://b.example/x/v1/logs', 'http://b.example/v1/logs?zone=eu']) {
    const base = baseOf(location, target)
    assert.equal(base === null ? null : targetOf(base)?.href, location)
  }
})

test('a Location that is missing, empty, absurdly long or no URL is null', () => {
  const target = new URL('http://a.example/v1/logs')
  for (const location of [undefined, '', '  ', 'http://', 'http://[', `/${'x'.repeat(5000)}`])
    assert.equal(baseOf(location, target), null)
})
