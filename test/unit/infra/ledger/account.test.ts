import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openAccount } from '../../../../infra/ledger/account.ts'

const streamOf = (producer: string, service = 'auth') => ({ producer, tenant: 'acme', service })

test('streams of producers of former lives are joined when there are too many, and no sum changes', () => {
  const account = openAccount()
  for (const producer of ['a', 'b', 'c', 'd', 'now']) {
    account.add(streamOf(producer), { accepted: 5, retired: 5, delivered: 4, dropped: 1 })
  }
  account.add(streamOf('c'), { accepted: 2, pending: 2 })
  account.add(streamOf('d'), { accepted: 1, delivered: 1 })
  const totals = account.totals()
  account.fold({ rowsMax: 5, current: new Set(['now']) })
  assert.equal(account.streams().length, 5)
  account.fold({ rowsMax: 1, current: new Set(['now']) })
  assert.deepEqual(account.totals(), totals)
  assert.deepEqual(account.totals('acme'), totals)
  assert.deepEqual(
    account.streams().map(({ producer, accepted }) => [producer, accepted]),
    [
      ['c', 7],
      ['d', 6],
      ['now', 5],
      ['*', 10],
    ],
  )
})

test('what a checkpoint keeps of the account is the account without what the record log knows', () => {
  const account = openAccount()
  account.add(streamOf('a'), { accepted: 9, retired: 4, delivered: 5, dropped: 1, pending: 3 })
  account.add(streamOf('*'), { refused: 7 })
  const restored = openAccount(account.rows())
  restored.add(streamOf('a'), { accepted: 5, pending: 3 })
  assert.deepEqual(restored.totals(), account.totals())
  assert.deepEqual(restored.streams(), account.streams())
})

test('names do not run into one another, whatever is in them', () => {
  const account = openAccount()
  account.add({ producer: 'a', tenant: 'b', service: 'c' }, { accepted: 1 })
  account.add({ producer: 'a', tenant: '', service: 'bc' }, { accepted: 1 })
  account.add({ producer: '', tenant: 'ab', service: 'c' }, { accepted: 1 })
  assert.equal(account.streams().length, 3)
})
