/**
 * The agent of the incident, rebuilt: it collects, caches, sends, and can be told to change its
 * endpoint. It is no strawman: it holds what it collects until it is delivered, tries again what
 * fails, follows redirects, and changes its endpoint correctly, one change at a time. It keeps the
 * endpoint from changing under a request, and there is its fault: it does so with a lock, held while
 * the request is out.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { Agent, request } from 'undici'
import { openEndpointLock, type Share } from './endpoint-lock.ts'
import type { Entry, OverwritingCache } from './overwriting-cache.ts'

export type NaiveAgent = {
  /** Tells it to send elsewhere. Resolves once it does. */
  readonly redirect: (url: string) => Promise<void>
  /** Sends and changes that wait for the lock of the endpoint. */
  readonly waiting: () => number
  /** As the end of its process would: what is out is broken off, and nobody is waited for. */
  readonly kill: () => Promise<void>
}

const retryMs = 100
const redirectStatuses: readonly number[] = [307, 308]

/** @param options.warn is told, in a sentence, of each send that failed. */
export const startNaiveAgent = (options: {
  readonly url: string
  readonly cache: OverwritingCache
  readonly threads: number
  readonly warn: (message: string) => void
}): NaiveAgent => {
  const { cache, warn } = options
  const dispatcher = new Agent()
  const lock = openEndpointLock()
  const life = new AbortController()
  const { signal } = life
  let { url } = options

  const post = async ({ payload }: Entry): Promise<{ status: number; location: string }> => {
    const headers = { 'content-type': 'application/x-protobuf' }
    const method = 'POST'
    const answer = await request(`${url}/v1/logs`, {
      dispatcher,
      method,
      headers,
      body: payload,
      signal,
    })
    await answer.body.dump()
    const { location = '' } = answer.headers
    return { status: answer.statusCode, location: String(location) }
  }

  /** Told by an answer, with the lock still held for the request that was answered. */
  const follow = async (location: string, share: Share): Promise<void> => {
    const change = await share.upgraded()
    url = location.replace(/\/v1\/logs$/, '')
    change.release()
  }

  const attempt = async (entry: Entry): Promise<'delivered' | 'again' | 'failed'> => {
    const share = await lock.share()
    try {
      const { status, location } = await post(entry)
      if (redirectStatuses.includes(status)) {
        await follow(location, share)
        return 'again'
      }
      if (status >= 200 && status < 300) return 'delivered'
      warn(`${url} answered ${status}.`)
      return 'failed'
    } catch (cause) {
      if (!signal.aborted) warn(`${url} could not be reached: ${cause}.`)
      return 'failed'
    } finally {
      share.release()
    }
  }

  const sendOn = async (): Promise<void> => {
    while (!signal.aborted) {
      const entry = await cache.take()
      const outcome = await attempt(entry)
      if (signal.aborted) return
      if (outcome === 'delivered') cache.remove(entry)
      else cache.giveBack(entry)
      if (outcome === 'failed') await pause(retryMs)
    }
  }
  for (let thread = 0; thread < options.threads; thread += 1) void sendOn()

  return {
    redirect: async (next) => {
      const change = await lock.change()
      url = next
      change.release()
    },
    waiting: lock.waiting,
    kill: async () => {
      life.abort()
      await dispatcher.destroy()
    },
  }
}
