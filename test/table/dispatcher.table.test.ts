/**
 * Every state × every message, with no default: a new state or a new message does not compile until
 * each of its cells is decided.
 */
import type { DispatcherContext } from '../../actors/dispatcher/books.ts'
import { type DispatcherState, dispatcher } from '../../actors/dispatcher/machine.ts'
import type { DispatcherInbox } from '../../actors/dispatcher/protocol.ts'
import { epoch, instant } from '../../schemas/brand.ts'
import type { Cell } from '../support/cell.ts'
import { assignmentOf, dispatcherInput, heldAt, leasedUntil } from '../support/route-parts.ts'
import { casesOf, testTable } from '../support/table.ts'

/** A final state answers nothing: what comes then is a dead letter of the runtime's. */
type Living = Exclude<DispatcherState, 'stopped'>

const ended = {
  type: 'send.ended',
  sendId: 's1',
  epoch: epoch(1),
  outcome: 'settled',
  delivered: 4,
  reason: null,
  retryAfterMs: null,
  detail: '',
  jitter: 0.5,
} as const
const returned = { ...ended, outcome: 'returned', delivered: 0, reason: 'server_error' } as const
const refused = {
  type: 'redirect.refused',
  sendId: 's1',
  epoch: epoch(1),
  reason: 'a circle',
} as const

/** The dispatcher is at 1,000 ms, its deadline at 6,000, and of its sends only s1 may be out. */
const cases = casesOf<DispatcherInbox>()({
  'endpoint.assigned newer': { type: 'endpoint.assigned', assignment: assignmentOf(9) },
  'endpoint.assigned older': { type: 'endpoint.assigned', assignment: assignmentOf(0) },
  'redirect.refused': refused,
  'redirect.refused to no send': { ...refused, sendId: 's7' },
  'batches.leased': leasedUntil(90_000, heldAt(5)),
  'attempt.moved': { type: 'attempt.moved', sendId: 's1', epoch: epoch(3) },
  'attempt.moved to no send': { type: 'attempt.moved', sendId: 's7', epoch: epoch(3) },
  'send.ended settled': ended,
  'send.ended returned': returned,
  'send.ended of no send': { ...ended, sendId: 's7' },
  'dispatch.suspended': { type: 'dispatch.suspended', reason: 'maintenance' },
  'dispatch.resumed': { type: 'dispatch.resumed' },
  'drain.requested': { type: 'drain.requested', deadlineMs: instant(8_000) },
  'timer.fired': { type: 'timer.fired', nowMs: 6_000 },
  'timer.fired early': { type: 'timer.fired' },
  'timer.fired on a silent send': { type: 'timer.fired', nowMs: 99_000 },
})

const out = { s1: { epoch: 1, streams: [], untilMs: instant(20_000) } } as const
const base: DispatcherContext = {
  ...dispatcherInput,
  assignment: assignmentOf(1),
  sends: {},
  pending: [],
  nextSend: 2,
  window: 'open',
  round: 1,
  failures: 0,
  retryAtMs: instant(0),
  askedUntilMs: instant(0),
  intent: 'run',
  healthyEpoch: -1,
  dueMs: instant(6_000),
}
const contexts: Record<Living, DispatcherContext> = {
  awaitingEndpoint: { ...base, assignment: null, window: 'closed', round: 0 },
  idle: base,
  sending: { ...base, sends: out },
  redirectInFlight: { ...base, sends: out, assignment: assignmentOf(2) },
  backingOff: { ...base, sends: out, failures: 1, retryAtMs: instant(6_000), window: 'closed' },
  suspended: { ...base, sends: out, intent: 'suspend', window: 'closed' },
  draining: { ...base, sends: out, intent: 'drain', window: 'closed' },
}

const table: Record<Living, Record<keyof typeof cases, Cell<DispatcherState>>> = {
  awaitingEndpoint: {
    'endpoint.assigned newer': 'idle demand.raised',
    'endpoint.assigned older': 'idle demand.raised',
    'redirect.refused': '—',
    'redirect.refused to no send': '—',
    'batches.leased': '= batches.returned',
    'attempt.moved': '—',
    'attempt.moved to no send': '—',
    'send.ended settled': '—',
    'send.ended returned': '—',
    'send.ended of no send': '—',
    'dispatch.suspended': '=',
    'dispatch.resumed': '—',
    'drain.requested': 'stopped',
    'timer.fired': '= endpoint.requested',
    'timer.fired early': '—',
    'timer.fired on a silent send': '= endpoint.requested',
  },
  idle: {
    'endpoint.assigned newer': '=',
    'endpoint.assigned older': '—',
    'redirect.refused': '—',
    'redirect.refused to no send': '—',
    'batches.leased': 'sending startSend',
    'attempt.moved': '—',
    'attempt.moved to no send': '—',
    'send.ended settled': '—',
    'send.ended returned': '—',
    'send.ended of no send': '—',
    'dispatch.suspended': 'suspended demand.raised',
    'dispatch.resumed': '—',
    'drain.requested': 'stopped demand.raised',
    'timer.fired': '—',
    'timer.fired early': '—',
    'timer.fired on a silent send': '—',
  },
  sending: {
    'endpoint.assigned newer': 'redirectInFlight endpoint.assigned',
    'endpoint.assigned older': '—',
    'redirect.refused': '= redirect.refused',
    'redirect.refused to no send': '—',
    'batches.leased': '= startSend',
    'attempt.moved': '=',
    'attempt.moved to no send': '—',
    'send.ended settled': 'idle attempt.reported',
    'send.ended returned': 'backingOff attempt.reported demand.raised',
    'send.ended of no send': '—',
    'dispatch.suspended': 'suspended demand.raised',
    'dispatch.resumed': '—',
    'drain.requested': 'draining demand.raised',
    'timer.fired': '=',
    'timer.fired early': '—',
    'timer.fired on a silent send': 'idle fault',
  },
  redirectInFlight: {
    'endpoint.assigned newer': '= endpoint.assigned',
    'endpoint.assigned older': '—',
    'redirect.refused': '= redirect.refused',
    'redirect.refused to no send': '—',
    'batches.leased': '= startSend',
    'attempt.moved': 'sending',
    'attempt.moved to no send': '—',
    'send.ended settled': 'idle attempt.reported',
    'send.ended returned': 'idle',
    'send.ended of no send': '—',
    'dispatch.suspended': '= demand.raised',
    'dispatch.resumed': '—',
    'drain.requested': 'draining demand.raised',
    'timer.fired': '=',
    'timer.fired early': '—',
    'timer.fired on a silent send': 'idle fault',
  },
  backingOff: {
    'endpoint.assigned newer': 'redirectInFlight endpoint.assigned demand.raised',
    'endpoint.assigned older': '—',
    'redirect.refused': '= redirect.refused',
    'redirect.refused to no send': '—',
    'batches.leased': '= batches.returned',
    'attempt.moved': '=',
    'attempt.moved to no send': '—',
    'send.ended settled': 'idle attempt.reported demand.raised',
    'send.ended returned': '=',
    'send.ended of no send': '—',
    'dispatch.suspended': 'suspended',
    'dispatch.resumed': '—',
    'drain.requested': 'draining',
    'timer.fired': 'sending demand.raised',
    'timer.fired early': '—',
    'timer.fired on a silent send': 'idle fault demand.raised',
  },
  suspended: {
    'endpoint.assigned newer': 'redirectInFlight endpoint.assigned',
    'endpoint.assigned older': '—',
    'redirect.refused': '= redirect.refused',
    'redirect.refused to no send': '—',
    'batches.leased': '= batches.returned',
    'attempt.moved': '=',
    'attempt.moved to no send': '—',
    'send.ended settled': '= attempt.reported',
    'send.ended returned': '= attempt.reported',
    'send.ended of no send': '—',
    'dispatch.suspended': '—',
    'dispatch.resumed': 'sending demand.raised',
    'drain.requested': 'draining',
    'timer.fired': '=',
    'timer.fired early': '—',
    'timer.fired on a silent send': '= fault',
  },
  draining: {
    'endpoint.assigned newer': '= endpoint.assigned',
    'endpoint.assigned older': '—',
    'redirect.refused': '= redirect.refused',
    'redirect.refused to no send': '—',
    'batches.leased': '= batches.returned',
    'attempt.moved': '=',
    'attempt.moved to no send': '—',
    'send.ended settled': 'stopped attempt.reported',
    'send.ended returned': 'stopped attempt.reported',
    'send.ended of no send': '—',
    'dispatch.suspended': '—',
    'dispatch.resumed': '—',
    'drain.requested': '—',
    'timer.fired': 'stopped',
    'timer.fired early': '—',
    'timer.fired on a silent send': 'stopped',
  },
}

testTable({ machine: dispatcher, nowMs: 1_000, cases, contexts, table })
