/**
 * Every state × every message, with no default: a new state, message or verdict does not compile
 * until each of its cells is decided.
 */
import type { DeliveryContext } from '../../actors/delivery/judgement.ts'
import { type DeliveryState, delivery } from '../../actors/delivery/machine.ts'
import type { DeliveryInbox, Verdict } from '../../actors/delivery/protocol.ts'
import { epoch, instant } from '../../schemas/brand.ts'
import type { Cell } from '../support/cell.ts'
import { assignmentOf, deliveryInput, heldAt, settlementOf } from '../support/route-parts.ts'
import { casesOf, testTable } from '../support/table.ts'

/** A final state answers nothing: what comes then is a dead letter of the runtime's. */
type Living = Exclude<DeliveryState, 'settled' | 'returned'>

const [one, two] = [heldAt(1), heldAt(2)] as const
const answered = { type: 'attempt.answered', attempt: 3, jitter: 0.5 } as const
const verdicts: { readonly [Kind in Verdict['kind']]: Extract<Verdict, { kind: Kind }> } = {
  accepted: { kind: 'accepted' },
  partial: { kind: 'partial', rejected: 2, message: 'too old' },
  redirected: { kind: 'redirected', status: 307, location: 'https://b.example.com' },
  tooLarge: { kind: 'tooLarge' },
  throttled: { kind: 'throttled', status: 429, retryAfterMs: 3_000 },
  failed: { kind: 'failed', status: 500, detail: 'oops' },
  unreachable: { kind: 'unreachable', detail: 'connection refused' },
  rejected: { kind: 'rejected', status: 400, message: 'no' },
  unreadable: { kind: 'unreadable', held: [one], detail: 'checksum' },
}
const refused = {
  type: 'redirect.refused',
  sendId: 's1',
  epoch: epoch(1),
  reason: 'a circle',
} as const

/** A send of two batches is at 1,000 ms, in its third attempt, and its deadline at 6,000. */
const cases = casesOf<DeliveryInbox>()({
  'endpoint.assigned newer': { type: 'endpoint.assigned', assignment: assignmentOf(2) },
  'endpoint.assigned older': { type: 'endpoint.assigned', assignment: assignmentOf(0) },
  'redirect.refused': refused,
  'redirect.refused of before': { ...refused, epoch: epoch(0) },
  'attempt.answered accepted': { ...answered, verdict: verdicts.accepted },
  'attempt.answered partial': { ...answered, verdict: verdicts.partial },
  'attempt.answered redirected': { ...answered, verdict: verdicts.redirected },
  'attempt.answered tooLarge': { ...answered, verdict: verdicts.tooLarge },
  'attempt.answered throttled': { ...answered, verdict: verdicts.throttled },
  'attempt.answered failed': { ...answered, verdict: verdicts.failed },
  'attempt.answered unreachable': { ...answered, verdict: verdicts.unreachable },
  'attempt.answered rejected': { ...answered, verdict: verdicts.rejected },
  'attempt.answered unreadable': { ...answered, verdict: verdicts.unreadable },
  'attempt.answered late': { ...answered, attempt: 2, verdict: verdicts.accepted },
  'fates.recorded': { type: 'fates.recorded', settlements: [settlementOf(one), settlementOf(two)] },
  'fates.recorded of some': { type: 'fates.recorded', settlements: [settlementOf(one)] },
  'fates.failed': { type: 'fates.failed', detail: 'disk' },
  'timer.fired': { type: 'timer.fired', nowMs: 6_000 },
  'timer.fired early': { type: 'timer.fired' },
})

const base: DeliveryContext = {
  ...deliveryInput,
  held: [one, two],
  newest: assignmentOf(1),
  under: assignmentOf(1),
  attempt: 3,
  pieces: [{ held: [one, two], cut: null }],
  progress: {},
  failure: null,
  dueMs: instant(6_000),
}
const contexts: Record<Living, DeliveryContext> = {
  attempting: base,
  awaitingAssignment: base,
  recording: {
    ...base,
    pieces: [],
    progress: {
      [one.batch.id]: { delivered: 4, drops: [] },
      [two.batch.id]: { delivered: 4, drops: [] },
    },
  },
}

const table: Record<Living, Record<keyof typeof cases, Cell<DeliveryState>>> = {
  attempting: {
    'endpoint.assigned newer': '=',
    'endpoint.assigned older': '—',
    'redirect.refused': '—',
    'redirect.refused of before': '—',
    'attempt.answered accepted': 'recording recordFates',
    'attempt.answered partial': 'recording recordFates',
    'attempt.answered redirected': 'awaitingAssignment redirect.reported',
    'attempt.answered tooLarge': '= attempt.moved attempt',
    'attempt.answered throttled': 'returned batches.returned send.ended',
    'attempt.answered failed': 'returned batches.returned send.ended',
    'attempt.answered unreachable': 'returned batches.returned send.ended',
    'attempt.answered rejected': '= attempt.moved attempt',
    'attempt.answered unreadable': '= attempt.moved attempt',
    'attempt.answered late': '—',
    'fates.recorded': 'fault',
    'fates.recorded of some': 'fault',
    'fates.failed': 'fault',
    'timer.fired': 'returned abandon batches.returned send.ended',
    'timer.fired early': '—',
  },
  awaitingAssignment: {
    'endpoint.assigned newer': 'attempting attempt.moved attempt',
    'endpoint.assigned older': '—',
    'redirect.refused': 'returned batches.returned send.ended',
    'redirect.refused of before': '—',
    'attempt.answered accepted': '—',
    'attempt.answered partial': '—',
    'attempt.answered redirected': '—',
    'attempt.answered tooLarge': '—',
    'attempt.answered throttled': '—',
    'attempt.answered failed': '—',
    'attempt.answered unreachable': '—',
    'attempt.answered rejected': '—',
    'attempt.answered unreadable': '—',
    'attempt.answered late': '—',
    'fates.recorded': 'fault',
    'fates.recorded of some': 'fault',
    'fates.failed': 'fault',
    'timer.fired': 'returned batches.returned send.ended',
    'timer.fired early': '—',
  },
  recording: {
    'endpoint.assigned newer': '=',
    'endpoint.assigned older': '—',
    'redirect.refused': '—',
    'redirect.refused of before': '—',
    'attempt.answered accepted': '—',
    'attempt.answered partial': '—',
    'attempt.answered redirected': '—',
    'attempt.answered tooLarge': '—',
    'attempt.answered throttled': '—',
    'attempt.answered failed': '—',
    'attempt.answered unreachable': '—',
    'attempt.answered rejected': '—',
    'attempt.answered unreadable': '—',
    'attempt.answered late': '—',
    'fates.recorded': 'settled batches.settled send.ended',
    'fates.recorded of some': 'returned batches.settled batches.returned send.ended',
    'fates.failed': 'returned batches.returned send.ended',
    'timer.fired': 'returned batches.returned send.ended',
    'timer.fired early': '—',
  },
}

testTable({ machine: delivery, nowMs: 1_000, cases, contexts, table })
