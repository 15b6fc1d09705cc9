import assert from 'node:assert/strict'
import { test } from 'node:test'
import { shown } from '../../../../pipeline/inspection/shown.ts'

test('what may be a secret is not shown, wherever it is', () => {
  const value = {
    url: 'https://user:pa55@logs.example.com/v1?key=s3cret#part',
    headers: { authorization: 'Bearer s3cret' },
    apiKey: 's3cret',
    deep: [
      { token: 's3cret', detail: 'sent to http://a:s3cret@b.example/x?sig=s3cret and failed' },
    ],
  }
  const text = JSON.stringify(shown(value))
  assert.doesNotMatch(text, /s3cret|pa55/)
  assert.match(text, /logs\.example\.com\/v1\?\(hidden\)/)
  assert.match(text, /b\.example\/x\?\(hidden\) and failed/)
})

test('bytes are counted and not shown', () => {
  assert.deepEqual(shown({ body: Buffer.from('s3cret'), more: new Uint8Array(9).buffer }), {
    body: '6 bytes',
    more: '9 bytes',
  })
})

test('however large a value is, little of it is shown, and it says that there is more', () => {
  const items = Array.from({ length: 10_000 }, (_, id) => ({ id, name: 'x'.repeat(1_000) }))
  const wide = Object.fromEntries(items.map(({ id }) => [`key${id}`, { items }]))
  let deep: unknown = 'end'
  for (let depth = 0; depth < 1_000; depth += 1) deep = { deep }
  const text = JSON.stringify(shown({ items, wide, deep }))
  assert.ok(text.length < 64 * 1024, String(text.length))
  assert.match(text, /… 9996 more/)
  assert.match(text, /9960 more/)
})

test('what is no data does not stop it', () => {
  const value = { big: 7n, act: () => 1, none: null, missing: undefined, failed: new Error('why') }
  assert.deepEqual(JSON.parse(JSON.stringify(shown(value))), {
    big: '7',
    none: null,
    failed: { name: 'Error', message: 'why' },
  })
})
