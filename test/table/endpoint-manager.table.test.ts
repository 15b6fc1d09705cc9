/**
 * Every state × every message, with no default: a new state or a new message does not compile until
 * each of its cells is decided.
 */
import {
  type EndpointManagerContext,
  initialContext,
} from '../../actors/endpoint-manager/context.ts'
import {
  type EndpointManagerState,
  endpointManager,
} from '../../actors/endpoint-manager/machine.ts'
import type { EndpointManagerInbox } from '../../actors/endpoint-manager/protocol.ts'
import { epoch, instant } from '../../schemas/brand.ts'
import type { Cell } from '../support/cell.ts'
import { assignmentOf, endpointManagerInput, urls } from '../support/route-parts.ts'
import { casesOf, testTable } from '../support/table.ts'

const commanded = {
  type: 'endpoint.commanded',
  commandId: 'k1',
  url: urls.c,
  reason: 'move',
} as const
const reported = {
  type: 'redirect.reported',
  sendId: 's1',
  epoch: epoch(2),
  status: 307,
  location: urls.c,
} as const
const attempt = { type: 'attempt.reported', epoch: epoch(2), healthy: true, detail: '' } as const

/** The endpoint manager is at 1,000 ms, its deadline at 6,000, its last write was the third. */
const cases = casesOf<EndpointManagerInbox>()({
  'endpoint.commanded': commanded,
  'endpoint.commanded, not allowed': { ...commanded, url: 'https://elsewhere.net' },
  'endpoint.pinned': { type: 'endpoint.pinned', reason: 'stay' },
  'endpoint.unpinned': { type: 'endpoint.unpinned', reason: 'go' },
  'endpoint.requested': { type: 'endpoint.requested', dispatcher: 'edge' },
  'redirect.reported': reported,
  'redirect.reported in a circle': { ...reported, location: urls.b },
  'redirect.reported of an older epoch': { ...reported, epoch: epoch(1) },
  'attempt.reported healthy': attempt,
  'attempt.reported failing': { ...attempt, healthy: false },
  'attempt.reported of an older epoch': { ...attempt, epoch: epoch(1) },
  'assignment.journaled': { type: 'assignment.journaled', write: 3, epoch: epoch(3) },
  'assignment.journaled of a former write': {
    type: 'assignment.journaled',
    write: 2,
    epoch: epoch(3),
  },
  'assignment.journaled with an older epoch': {
    type: 'assignment.journaled',
    write: 3,
    epoch: epoch(2),
  },
  'journal.failed': { type: 'journal.failed', write: 3, detail: 'disk' },
  'journal.failed of a former write': { type: 'journal.failed', write: 2, detail: 'disk' },
  'timer.fired': { type: 'timer.fired', nowMs: 6_000 },
  'timer.fired early': { type: 'timer.fired' },
})

const base: EndpointManagerContext = {
  ...initialContext(endpointManagerInput),
  current: assignmentOf(2, urls.b),
  lastGood: urls.a,
  failures: 2,
  writing: null,
  writes: 3,
  dueMs: instant(6_000),
}
const { epoch: _, ...draft } = assignmentOf(0, urls.c)
const contexts: Record<EndpointManagerState, EndpointManagerContext> = {
  unassigned: { ...base, current: null, lastGood: null, failures: 0 },
  assigning: { ...base, writing: { write: 3, out: 1, draft, commandId: 'k0' } },
  probation: base,
  active: { ...base, standing: 'proven', failures: 0 },
  pinned: { ...base, mode: 'pinned' },
}

const table: Record<
  EndpointManagerState,
  Record<keyof typeof cases, Cell<EndpointManagerState>>
> = {
  unassigned: {
    'endpoint.commanded': 'assigning journalAssignment',
    'endpoint.commanded, not allowed': '= answerCommand',
    'endpoint.pinned': '=',
    'endpoint.unpinned': '—',
    'endpoint.requested': '—',
    'redirect.reported': 'fault',
    'redirect.reported in a circle': 'fault',
    'redirect.reported of an older epoch': 'fault',
    'attempt.reported healthy': 'fault',
    'attempt.reported failing': 'fault',
    'attempt.reported of an older epoch': 'fault',
    'assignment.journaled': '—',
    'assignment.journaled of a former write': '—',
    'assignment.journaled with an older epoch': '—',
    'journal.failed': '—',
    'journal.failed of a former write': '—',
    'timer.fired': 'assigning journalAssignment',
    'timer.fired early': '—',
  },
  assigning: {
    'endpoint.commanded': '=',
    'endpoint.commanded, not allowed': '= answerCommand',
    'endpoint.pinned': '=',
    'endpoint.unpinned': '—',
    'endpoint.requested': '= endpoint.assigned',
    'redirect.reported': '—',
    'redirect.reported in a circle': '—',
    'redirect.reported of an older epoch': '—',
    'attempt.reported healthy': '=',
    'attempt.reported failing': '—',
    'attempt.reported of an older epoch': '—',
    'assignment.journaled': 'probation endpoint.assigned announce answerCommand',
    'assignment.journaled of a former write': '—',
    'assignment.journaled with an older epoch': '—',
    'journal.failed': 'probation fault answerCommand',
    'journal.failed of a former write': '—',
    'timer.fired': '= fault journalAssignment',
    'timer.fired early': '—',
  },
  probation: {
    'endpoint.commanded': 'assigning journalAssignment',
    'endpoint.commanded, not allowed': '= answerCommand',
    'endpoint.pinned': 'pinned',
    'endpoint.unpinned': '—',
    'endpoint.requested': '= endpoint.assigned',
    'redirect.reported': 'assigning journalAssignment',
    'redirect.reported in a circle': '= redirect.refused announce',
    'redirect.reported of an older epoch': '= endpoint.assigned',
    'attempt.reported healthy': 'active announce',
    'attempt.reported failing': 'assigning announce journalAssignment',
    'attempt.reported of an older epoch': '—',
    'assignment.journaled': '—',
    'assignment.journaled of a former write': '—',
    'assignment.journaled with an older epoch': '—',
    'journal.failed': '—',
    'journal.failed of a former write': '—',
    'timer.fired': '—',
    'timer.fired early': '—',
  },
  active: {
    'endpoint.commanded': 'assigning journalAssignment',
    'endpoint.commanded, not allowed': '= answerCommand',
    'endpoint.pinned': 'pinned',
    'endpoint.unpinned': '—',
    'endpoint.requested': '= endpoint.assigned',
    'redirect.reported': 'assigning journalAssignment',
    'redirect.reported in a circle': '= redirect.refused announce',
    'redirect.reported of an older epoch': '= endpoint.assigned',
    'attempt.reported healthy': '—',
    'attempt.reported failing': '—',
    'attempt.reported of an older epoch': '—',
    'assignment.journaled': '—',
    'assignment.journaled of a former write': '—',
    'assignment.journaled with an older epoch': '—',
    'journal.failed': '—',
    'journal.failed of a former write': '—',
    'timer.fired': '—',
    'timer.fired early': '—',
  },
  pinned: {
    'endpoint.commanded': 'assigning journalAssignment',
    'endpoint.commanded, not allowed': '= answerCommand',
    'endpoint.pinned': '—',
    'endpoint.unpinned': 'probation',
    'endpoint.requested': '= endpoint.assigned',
    'redirect.reported': '= redirect.refused announce',
    'redirect.reported in a circle': '= redirect.refused announce',
    'redirect.reported of an older epoch': '= endpoint.assigned',
    'attempt.reported healthy': '=',
    'attempt.reported failing': '—',
    'attempt.reported of an older epoch': '—',
    'assignment.journaled': '—',
    'assignment.journaled of a former write': '—',
    'assignment.journaled with an older epoch': '—',
    'journal.failed': '—',
    'journal.failed of a former write': '—',
    'timer.fired': '—',
    'timer.fired early': '—',
  },
}

testTable({ machine: endpointManager, nowMs: 1_000, cases, contexts, table })
