/** A pipeline at one moment, as its admin API tells it. */
import type { StreamAccount, Totals } from '../../infra/ledger/ledger.ts'
import type { ShownDrop } from '../admin/account-routes.ts'
import type { ShownEndpoint } from '../admin/endpoint-routes.ts'
import type { ShownActor } from '../admin/state-routes.ts'
import { type AdminClient, StatusError } from '../commands/admin-client.ts'
import { CommandError } from '../commands/command.ts'
import { readingsIn } from './readings.ts'

export type Sample = {
  readonly atMs: number
  readonly version: string
  readonly producer: string
  readonly startedAtMs: number
  /** Why records would be refused now; none: they are taken. */
  readonly unready: readonly string[]
  readonly totals: Totals
  readonly streams: readonly StreamAccount[]
  readonly actors: readonly ShownActor[]
  readonly endpoint: ShownEndpoint
  readonly cache: {
    readonly bytes: number
    readonly capacityBytes: number
    readonly oldestAgeSeconds: number
    /** Bytes of each class; null: the process does not tell. */
    readonly classes: Readonly<Record<Priority, number>> | null
  }
  readonly stalls: number
  /** The newest drop events, oldest first. */
  readonly drops: readonly ShownDrop[]
}
type Priority = 'high' | 'normal' | 'low'

const dropsKeptMax = 200
const pageDrops = 500
/** Pages that are read at a time; what is left is read the next time. */
const pagesMax = 20
/** Drops from before it began to look are shown for so long. */
const dropsSince = '1h'

type DropPage = { readonly drops: readonly ShownDrop[]; readonly cursor: string | null }
type Rings = {
  readonly rings: readonly {
    readonly place: 'here' | 'elsewhere'
    readonly bytes: number
    readonly capacityBytes: number
    readonly oldest: string | null
    readonly classes: readonly { readonly priority: Priority; readonly bytes: number }[]
  }[]
}

/** Takes one sample after another; it remembers which drop events it has seen. */
export const openSampling = (client: AdminClient): (() => Promise<Sample>) => {
  let cursor: string | null = null
  let drops: readonly ShownDrop[] = []
  let hasRings = true

  const readDrops = async (): Promise<readonly ShownDrop[]> => {
    for (let pages = 0; pages < pagesMax; pages += 1) {
      const after = cursor === null ? `since=${dropsSince}` : `cursor=${encodeURIComponent(cursor)}`
      const page: DropPage = await client.get(`/api/v1/drops?limit=${pageDrops}&${after}`)
      drops = [...drops, ...page.drops].slice(-dropsKeptMax)
      cursor = page.cursor ?? page.drops.at(-1)?.id ?? cursor
      if (page.cursor === null) break
    }
    return drops
  }
  const readRings = async (): Promise<Rings['rings'] | null> => {
    if (!hasRings) return null
    try {
      return (await client.get<Rings>('/api/v1/rings')).rings
    } catch (cause) {
      if (!(cause instanceof StatusError && cause.status === 404)) throw cause
      // An older process does not tell; it is not asked again.
      hasRings = false
      return null
    }
  }
  return async () => {
    const [account, { actors }, endpoint, page, ready, found, rings] = await Promise.all([
      client.get<{ totals: Totals; streams: readonly StreamAccount[] }>('/api/v1/ledger'),
      client.get<{ actors: readonly ShownActor[] }>('/api/v1/actors'),
      client.get<ShownEndpoint>('/api/v1/endpoint'),
      client.text('/metrics'),
      unreadyOf(client),
      readDrops(),
      readRings(),
    ])
    const readings = readingsIn(page)
    if (page.includes('\nholdfast_worker_up{'))
      throw new CommandError(
        'Several workers answer here, and this shows one pipeline: add /workers/0 to --admin, or the number of another.',
      )
    return {
      atMs: Date.now(),
      version: readings.label('holdfast_build_info', 'version'),
      producer: readings.label('holdfast_build_info', 'producer'),
      startedAtMs: readings.value('process_start_time_seconds') * 1_000,
      unready: ready,
      ...account,
      actors,
      endpoint,
      cache: cacheOf(rings, readings),
      stalls: readings.value('holdfast_stalls_total'),
      drops: found,
    }
  }
}

/** What other services hold is in their own metrics, and here in what is known of their rings. */
const cacheOf = (
  rings: Rings['rings'] | null,
  readings: ReturnType<typeof readingsIn>,
): Sample['cache'] => {
  const here = {
    bytes: readings.value('holdfast_cache_bytes'),
    capacityBytes: readings.value('holdfast_cache_capacity_bytes'),
    oldestAgeSeconds: readings.value('holdfast_cache_oldest_age_seconds'),
  }
  if (rings === null || rings.length === 0) return { ...here, classes: null }
  const classes = { high: 0, normal: 0, low: 0 }
  for (const ring of rings)
    for (const { priority, bytes } of ring.classes) classes[priority] += bytes
  if (rings.every(({ place }) => place === 'here')) return { ...here, classes }
  const oldestMs = Math.min(...rings.map(({ oldest }) => Date.parse(oldest ?? '') || Date.now()))
  return {
    bytes: rings.reduce((sum, { bytes }) => sum + bytes, 0),
    capacityBytes: rings.reduce((sum, { capacityBytes }) => sum + capacityBytes, 0),
    oldestAgeSeconds: Math.max(0, (Date.now() - oldestMs) / 1_000),
    classes,
  }
}

type Probe = { readonly reasons: readonly { readonly actor: string; readonly reason: string }[] }
const unreadyOf = async (client: AdminClient): Promise<readonly string[]> => {
  const { reasons } = await client.get<Probe>('/readyz', { unavailable: 'taken' })
  return reasons.map(({ actor, reason }) => `${actor}: ${reason}`)
}
