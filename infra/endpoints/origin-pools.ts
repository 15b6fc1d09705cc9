import { Pool } from 'undici'

/** Origins connected to at a time. Redirects may lead through more; the one unused for longest goes. */
export const poolsMax = 16
/** A pool that nothing was sent through for so long is closed when another origin is turned to. */
export const poolIdleMsMax = 60_000
/** Shorter than the 5 s after which many servers close an idle connection, perhaps just as we use it. */
const keepAliveMs = 4_000
const connectTimeoutMs = 10_000
const answerHeadersBytesMax = 16 * 1024

/** Connections, by origin. */
export type OriginPools = {
  readonly of: (origin: string) => Pool
  readonly count: () => number
  /** Breaks off what is under way. Asking for a pool afterwards throws. */
  readonly close: () => Promise<void>
}

export const openOriginPools = (options: {
  readonly connectionsMax: number
  readonly now: () => number
  /** Pools are closed in the background, after what is under way in them. */
  readonly onFault: (origin: string, cause: unknown) => void
}): OriginPools => {
  /** Least recently used first. */
  const pools = new Map<string, { readonly pool: Pool; usedAtMs: number }>()
  /** Closed to new requests, with some still under way: each ends by its own deadline. */
  const closing = new Set<Pool>()
  let closed = false

  const retire = (origin: string, pool: Pool): void => {
    pools.delete(origin)
    closing.add(pool)
    pool
      .close()
      .catch((cause: unknown) => options.onFault(origin, cause))
      .finally(() => closing.delete(pool))
  }
  const makeRoom = (nowMs: number): void => {
    for (const [origin, { pool, usedAtMs }] of pools)
      if (pools.size >= poolsMax || nowMs - usedAtMs > poolIdleMsMax) retire(origin, pool)
  }

  return {
    of: (origin) => {
      if (closed) throw new PoolsClosedError(`No connection to ${origin}: the endpoint is closed.`)
      const nowMs = options.now()
      const known = pools.get(origin)
      if (known === undefined) makeRoom(nowMs)
      const pool = known?.pool ?? openPool(origin, options.connectionsMax)
      pools.delete(origin)
      pools.set(origin, { pool, usedAtMs: nowMs })
      return pool
    },
    count: () => pools.size,
    close: async () => {
      closed = true
      const all = [...closing, ...[...pools.values()].map(({ pool }) => pool)]
      pools.clear()
      await Promise.all(all.map((pool) => pool.destroy()))
    },
  }
}

export class PoolsClosedError extends Error {
  override readonly name = 'PoolsClosedError'
}

const openPool = (origin: string, connectionsMax: number): Pool =>
  new Pool(origin, {
    connections: connectionsMax,
    pipelining: 1,
    // One request a connection: breaking one off costs the others nothing.
    allowH2: false,
    connectTimeout: connectTimeoutMs,
    keepAliveTimeout: keepAliveMs,
    maxHeaderSize: answerHeadersBytesMax,
    // Every attempt brings its own deadline.
    headersTimeout: 0,
    bodyTimeout: 0,
  })
