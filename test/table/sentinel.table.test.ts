/**
 * Every state × every message, with no default: a new state or a new message does not compile until
 * each of its cells is decided.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type SentinelContext,
  type SentinelState,
  sentinel,
} from '../../actors/sentinel/machine.ts'
import type { SentinelInbox } from '../../actors/sentinel/protocol.ts'
import { instant } from '../../schemas/brand.ts'
import type { Cell } from '../support/cell.ts'
import { casesOf, testTable } from '../support/table.ts'

const seen = { type: 'progress.seen', work: 'some', progress: 7, records: 50 } as const

/** It got on last at 1,000 ms, with 7; it is 1,500, and what takes 1,000 is a stall. */
const cases = casesOf<SentinelInbox>()({
  'progress.seen': { ...seen, progress: 8 },
  'progress.seen, no work': { ...seen, work: 'none' },
  'progress.seen, none': seen,
  'progress.seen, none for too long': { ...seen, nowMs: 2_000 },
  'progress.seen, none at the deadline': { ...seen, nowMs: 3_000 },
  'restart.done': { type: 'restart.done' },
  'restart.refused': { type: 'restart.refused', detail: 'it is shutting down' },
})

const base: SentinelContext = {
  subject: 'dispatcher',
  remedy: 'restart',
  stallAfterMs: 1_000,
  startedAtMs: instant(0),
  progress: 7,
  sinceMs: instant(1_000),
  records: 50,
  dueMs: instant(3_000),
}
const contexts: Record<SentinelState, SentinelContext> = {
  watching: base,
  suspecting: base,
  stalled: base,
  recovering: base,
  failing: base,
}

const table: Record<SentinelState, Record<keyof typeof cases, Cell<SentinelState>>> = {
  watching: {
    'progress.seen': '=',
    'progress.seen, no work': '=',
    'progress.seen, none': 'suspecting',
    'progress.seen, none for too long': 'suspecting',
    'progress.seen, none at the deadline': 'suspecting',
    'restart.done': '—',
    'restart.refused': '—',
  },
  suspecting: {
    'progress.seen': 'watching',
    'progress.seen, no work': 'watching',
    'progress.seen, none': '—',
    'progress.seen, none for too long': 'stalled announce restart',
    'progress.seen, none at the deadline': 'stalled announce restart',
    'restart.done': '—',
    'restart.refused': '—',
  },
  stalled: {
    'progress.seen': 'watching announce',
    'progress.seen, no work': 'watching announce',
    'progress.seen, none': '—',
    'progress.seen, none for too long': '—',
    'progress.seen, none at the deadline': 'failing announce',
    'restart.done': 'recovering',
    'restart.refused': 'failing announce',
  },
  recovering: {
    'progress.seen': 'watching announce',
    'progress.seen, no work': 'watching announce',
    'progress.seen, none': '—',
    'progress.seen, none for too long': '—',
    'progress.seen, none at the deadline': 'failing announce',
    'restart.done': '—',
    'restart.refused': '—',
  },
  failing: {
    'progress.seen': 'watching announce',
    'progress.seen, no work': 'watching announce',
    'progress.seen, none': '—',
    'progress.seen, none for too long': '—',
    'progress.seen, none at the deadline': '—',
    'restart.done': '—',
    'restart.refused': '—',
  },
}

testTable({ machine: sentinel, nowMs: 1_500, cases, contexts, table })

test('sentinel S5: it waits on nobody, so no state has a deadline or a delay of its own', () => {
  for (const [name, state] of Object.entries(sentinel.config.states ?? {})) {
    const { invoke, after, meta } = state as { invoke?: unknown; after?: unknown; meta?: unknown }
    assert.deepEqual([invoke, after, meta], [undefined, undefined, undefined], name)
  }
})
