import type { Sample } from '../../pipeline/top/sample.ts'
import { epoch, seq } from '../../schemas/brand.ts'

/** A pipeline as the view in the terminal might see it, with names that are hard to show. */
export const topSample = (change: Partial<Sample> = {}): Sample => ({
  atMs: Date.UTC(2026, 10, 25, 12),
  version: '0.1.0',
  producer: 'edge-1-mwvedow255f5f1',
  startedAtMs: Date.UTC(2026, 10, 25, 10),
  unready: [],
  totals: {
    accepted: 1_234_567,
    delivered: 1_200_000,
    dropped: 4_567,
    pending: 30_000,
    refused: 12,
    unaccounted: 0,
  },
  streams: [
    stream('acme', 'checkout', 500),
    stream('acme', '日本語サービス', 900),
    stream('globex', 'evil\u001b[2J\u202e👩‍👩‍👧‍👦', 700),
    ...Array.from({ length: 100 }, (_, index) => stream('many', `service-${index}`, index)),
  ],
  actors: [
    actor('dispatcher', 'redirectInFlight', '8 sends out, 3 batches waiting'),
    actor('collector', 'accepting', ''),
    actor('cache', 'open', '3 segments, 2 batches leased'),
    actor('endpoint-manager', 'probation', 'epoch 7: https://b.example'),
    actor('sentinel', 'watching', 'watches it all'),
    { ...actor('send-1', 'attempting', ''), machine: 'delivery' },
    { ...actor('send-2', 'recording', ''), machine: 'delivery' },
  ],
  endpoint: {
    url: 'https://b.example',
    epoch: 7,
    state: 'probation',
    pinned: false,
    pending: 3,
    history: [
      {
        epoch: epoch(7),
        url: 'https://b.example',
        reason: 'region A is down',
        by: 'operator',
        at: '2026-11-25T11:00:00.000Z',
      },
    ],
  },
  cache: {
    bytes: 700 * 2 ** 20,
    capacityBytes: 2 ** 30,
    oldestAgeSeconds: 125,
    classes: { high: 100 * 2 ** 20, normal: 590 * 2 ** 20, low: 10 * 2 ** 20 },
  },
  stalls: 0,
  drops: [
    {
      id: '1',
      at: '2026-11-25T11:59:00.000Z',
      tenant: 'acme',
      service: 'checkout',
      producer: 'edge-1-x',
      firstSeq: seq(0),
      lastSeq: seq(9),
      records: 10,
      bytes: 100,
      reason: 'cache_overwritten',
      detail: 'the cache was full',
      from: null,
      to: null,
    },
  ],
  ...change,
})

const stream = (tenant: string, service: string, pending: number): Sample['streams'][number] => ({
  tenant,
  service,
  producer: 'edge-1-x',
  accepted: 1_000 + pending,
  delivered: 1_000,
  dropped: 0,
  pending,
  unaccounted: 0,
})

const actor = (id: string, value: string, detail: string): Sample['actors'][number] => ({
  id,
  machine: id,
  value,
  detail,
  healthy: true,
  since: '2026-11-25T11:59:58.000Z',
})
