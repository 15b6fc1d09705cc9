import type { DropPage } from '../../../infra/ledger/ledger.ts'
import { openMeters } from '../../../infra/telemetry/meters.ts'
import { noNotices } from '../../../pipeline/notices/notices.ts'
import type { EndpointCommand, Observed, Watched } from '../../../pipeline/observed.ts'
import { epoch, instant, seq } from '../../../schemas/brand.ts'
import type { Assignment, Drop } from '../../../schemas/messages.ts'

/** A small pipeline to look at, made by hand: what it shows is fixed, what it is told is kept. */
export type HandMade = {
  readonly observed: Observed
  /** Nothing to do, and nothing done. */
  readonly watched: Watched
  readonly told: unknown[]
}

const assignment: Assignment = {
  epoch: epoch(7),
  url: 'http://a.example',
  reason: 'configured',
  by: 'configuration',
  atMs: instant(1_000),
}

/** Of the drop events that there are, from 1. */
export const dropId = (count: number): string => `0mwvedugy-000${count}`
const drop = (count: number, tenant: string): Drop => ({
  id: dropId(count),
  atMs: instant(5_000),
  tenant,
  service: 'web',
  producer: 'edge-1-x',
  firstSeq: seq(3),
  lastSeq: seq(4),
  records: 2,
  bytes: 100,
  reason: 'cache_overwritten',
  detail: 'the cache was full',
  fromMs: instant(0),
  toMs: instant(4_000),
})

/** What is behind a cursor. The second page is the last for now; the third has happened since. */
const pages: Readonly<Record<string, DropPage>> = {
  '': { drops: [drop(1, 'acme'), drop(2, 'acme')], cursor: dropId(2) },
  [dropId(2)]: { drops: [drop(3, '\u001b[31mevil')], cursor: null },
  [dropId(3)]: { drops: [drop(4, 'acme')], cursor: null },
}

const totals = { accepted: 10, delivered: 5, dropped: 2, pending: 3, refused: 4, unaccounted: 0 }
const stream = { service: 'web', accepted: 5, delivered: 3, dropped: 1, pending: 1, unaccounted: 0 }

export const handMade = (change: Partial<Observed> = {}): HandMade => {
  const told: unknown[] = []
  const observed: Observed = {
    keepsAccount: 'here',
    producer: 'edge-1-x',
    ledger: {
      totals: (tenant) => (tenant === undefined ? totals : { ...totals, refused: 1 }),
      streams: (tenant) =>
        [
          { ...stream, tenant: 'acme', producer: 'edge-1-x' },
          { ...stream, tenant: 'acme', producer: 'edge-1-y' },
          { ...stream, tenant: 'b"c', producer: 'edge-1-x' },
        ].filter((row) => tenant === undefined || row.tenant === tenant),
      drops: async (query) => {
        told.push(query)
        const { cursor = '' } = query
        return pages[cursor] ?? { drops: [], cursor: null }
      },
    },
    cache: () => ({ bytes: 11, capacityBytes: 22, oldestAgeSeconds: 1.5 }),
    rings: () => ({ rings: [], missing: [] }),
    ring: () => undefined,
    held: async function* () {},
    book: {
      view: () => ({ state: 'kept', missingRecords: 0, waiting: 0 }),
      ask: async () => ({ type: 'late', late: [] }),
    },
    doubts: () => [],
    transitions: () => [],
    follow: () => () => undefined,
    noteUnshown: (events) => told.push({ unshown: events }),
    endpoint: () => ({
      url: assignment.url,
      epoch: 7,
      state: 'active',
      pinned: false,
      pending: 0,
      history: [assignment],
    }),
    command: async (command: EndpointCommand) => {
      told.push(command)
      if (command.kind !== 'set') return { kind: 'assigned', assignment }
      const { url, reason } = command
      if (url.includes('evil'))
        return { kind: 'refused', why: 'not_allowed', reason: 'evil is not on the list' }
      if (url.includes('busy')) return { kind: 'refused', why: 'busy', reason: 'too many commands' }
      return {
        kind: 'assigned',
        assignment: { ...assignment, epoch: epoch(8), url, reason, by: 'operator' },
      }
    },
    dispatch: (command) => told.push(command),
    notices: noNotices,
    actors: () => [
      {
        id: 'cache',
        machine: 'cache',
        value: 'open',
        sinceMs: 2_000,
        detail: '3 segments',
        healthy: true,
      },
    ],
    dispatching: () => undefined,
    stalls: () => [],
    health: () => ({ live: [], ready: [] }),
    counters: openMeters().read,
    ...change,
  }
  const idle = { work: 'none', progress: 0 } as const
  const watched: Watched = {
    sights: () => ({
      collector: idle,
      cache: idle,
      dispatcher: idle,
      'endpoint-manager': idle,
      sends: idle,
    }),
    restart: (actor) => {
      told.push({ kind: 'restart', actor })
      return { kind: 'restarted' }
    },
    noteStall: (subject, { kind }) => told.push({ subject, kind }),
  }
  return { observed, watched, told }
}
