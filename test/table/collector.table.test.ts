/**
 * Every state × every message of the collector, with no default: a new state or a new message does not
 * compile until each of its cells is decided.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { type CollectorContext, initialContext } from '../../actors/collector/context.ts'
import { type CollectorState, collector } from '../../actors/collector/machine.ts'
import { emptyBook } from '../../actors/collector/numbering.ts'
import type { CollectorInbox, Part } from '../../actors/collector/protocol.ts'
import { instant } from '../../schemas/brand.ts'
import { type Cell, cellOf, checkDeadline, markdownOf } from '../support/cell.ts'
import { stepFrom } from '../support/drive.ts'
import { batch } from '../support/specimen.ts'

const dueMs = instant(10_000)
const nowMs = instant(1_000)

/** A message that is answered in several ways stands for each of them. */
type Case =
  | Exclude<CollectorInbox['type'], 'append.done' | 'append.refused' | 'timer.fired'>
  | `append.done, ${'open' | 'other'}`
  | `append.refused, ${'open' | 'other'}`
  | `timer.fired, ${'due' | 'not due'}`

const part: Part = {
  tenant: 'acme',
  service: 'auth',
  records: 10,
  bytes: 1_000,
  priority: 'normal',
  fromMs: nowMs,
  toMs: nowMs,
  acceptedAtMs: nowMs,
}
const refusal = { reason: 'cache_full', retryAfterMs: 500 } as const
const cases: Record<Case, CollectorInbox> = {
  'group.offered': { type: 'group.offered', appendId: 8, parts: [part], nowMs },
  'append.done, open': { type: 'append.done', appendId: 7, nowMs },
  'append.done, other': { type: 'append.done', appendId: 6, nowMs },
  'append.refused, open': { type: 'append.refused', appendId: 7, ...refusal, nowMs },
  'append.refused, other': { type: 'append.refused', appendId: 6, ...refusal, nowMs },
  'cache.filled': { type: 'cache.filled', ...refusal, nowMs },
  'cache.opened': { type: 'cache.opened', nowMs },
  'drain.requested': { type: 'drain.requested', deadlineMs: instant(30_000), nowMs },
  'timer.fired, due': { type: 'timer.fired', nowMs: dueMs },
  'timer.fired, not due': { type: 'timer.fired', nowMs },
}

const table: Record<CollectorState, Record<Case, Cell<CollectorState>>> = {
  starting: {
    'group.offered': '= refuse',
    'append.done, open': 'fault',
    'append.done, other': 'fault',
    'append.refused, open': 'fault',
    'append.refused, other': 'fault',
    'cache.filled': '=',
    'cache.opened': 'accepting openIntake takeGroup',
    'drain.requested': 'stopped closeIntake',
    'timer.fired, due': 'refusing closeIntake',
    'timer.fired, not due': '—',
  },
  accepting: {
    'group.offered': 'appending append.requested',
    'append.done, open': '—',
    'append.done, other': '—',
    'append.refused, open': '—',
    'append.refused, other': '—',
    'cache.filled': 'refusing closeIntake',
    'cache.opened': '—',
    'drain.requested': 'stopped closeIntake',
    'timer.fired, due': '—',
    'timer.fired, not due': '—',
  },
  appending: {
    'group.offered': 'defer',
    'append.done, open': 'accepting acknowledge takeGroup',
    'append.done, other': '—',
    'append.refused, open': 'refusing refuse closeIntake',
    'append.refused, other': '—',
    'cache.filled': '=',
    'cache.opened': '—',
    'drain.requested': 'draining closeIntake',
    'timer.fired, due': 'overdue refuse closeIntake',
    'timer.fired, not due': '—',
  },
  overdue: {
    'group.offered': '= refuse',
    'append.done, open': 'accepting openIntake takeGroup',
    'append.done, other': '—',
    'append.refused, open': 'refusing',
    'append.refused, other': '—',
    'cache.filled': '=',
    'cache.opened': '—',
    'drain.requested': 'stopped closeIntake',
    'timer.fired, due': '= fault',
    'timer.fired, not due': '—',
  },
  refusing: {
    'group.offered': '= refuse',
    'append.done, open': '—',
    'append.done, other': '—',
    'append.refused, open': '—',
    'append.refused, other': '—',
    'cache.filled': '=',
    'cache.opened': 'accepting openIntake takeGroup',
    'drain.requested': 'stopped closeIntake',
    'timer.fired, due': 'accepting openIntake takeGroup',
    'timer.fired, not due': '—',
  },
  draining: {
    'group.offered': '= refuse',
    'append.done, open': 'stopped acknowledge',
    'append.done, other': '—',
    'append.refused, open': 'stopped refuse',
    'append.refused, other': '—',
    'cache.filled': '—',
    'cache.opened': '—',
    'drain.requested': '—',
    'timer.fired, due': 'stopped refuse',
    'timer.fired, not due': '—',
  },
  stopped: {
    'group.offered': '—',
    'append.done, open': '—',
    'append.done, other': '—',
    'append.refused, open': '—',
    'append.refused, other': '—',
    'cache.filled': '—',
    'cache.opened': '—',
    'drain.requested': '—',
    'timer.fired, due': '—',
    'timer.fired, not due': '—',
  },
}

const contextIn = (state: CollectorState): CollectorContext => {
  const hasOpen = state === 'appending' || state === 'overdue' || state === 'draining'
  const input = { producer: 'edge-1', appendTimeoutMs: 10_000, retryAfterMs: 500 }
  return {
    ...initialContext({ ...input, startedAtMs: instant(0) }),
    open: hasOpen ? { appendId: 7, batches: [batch()], book: emptyBook } : null,
    dueMs,
  }
}

for (const [state, row] of Object.entries(table)) {
  for (const [name, expected] of Object.entries(row)) {
    test(`A collector that is ${state}, told ${name}: ${expected}`, () => {
      const value = state as CollectorState
      const before = collector.resolveState({ value, context: contextIn(value) })
      const step = stepFrom(collector, before, cases[name as Case])
      assert.equal(cellOf(before, step), expected)
      checkDeadline(collector, before, step)
    })
  }
}

test('The collector’s SPEC.md shows this table.', () => {
  const spec = readFileSync(new URL('../../actors/collector/SPEC.md', import.meta.url), 'utf8')
  assert.ok(spec.includes(markdownOf(table)), `It has to hold:\n${markdownOf(table)}`)
})
