/** A place in the shared half of the lock: held while a request is out. */
export type Share = {
  readonly release: () => void
  /** Resolves once this is the only share and nobody changes the endpoint. It stays a share. */
  readonly upgraded: () => Promise<Change>
}
export type Change = { readonly release: () => void }

/** Guards the address of an endpoint: many may use it at once, or one may change it. */
export type EndpointLock = {
  readonly share: () => Promise<Share>
  /** Resolves once nobody uses the endpoint. */
  readonly change: () => Promise<Change>
  /** How many wait for the lock now. */
  readonly waiting: () => number
}

type Waiter = { readonly wants: 'share' | 'change' | 'upgrade'; readonly go: () => void }

/**
 * The lock of the naive agent, first come, first served, so that no change is kept waiting by an
 * unending row of sends. It is a sound lock, and it has no deadlines. Whoever upgrades a share while
 * somebody else waits to change waits for that one, who waits for the share: neither ever goes on.
 */
export const openEndpointLock = (): EndpointLock => {
  const queue: Waiter[] = []
  let shares = 0
  let changing = false

  const mayGo = ({ wants }: Waiter): boolean => {
    if (changing) return false
    if (wants === 'share') return true
    return shares === (wants === 'upgrade' ? 1 : 0)
  }
  const proceed = (): void => {
    for (let [next] = queue; next !== undefined && mayGo(next); [next] = queue) {
      queue.shift()
      if (next.wants === 'share') shares += 1
      else changing = true
      next.go()
    }
  }
  const turn = async (wants: Waiter['wants']): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>()
    queue.push({ wants, go: resolve })
    proceed()
    await promise
  }
  const changed: Change = {
    release: () => {
      changing = false
      proceed()
    },
  }

  return {
    share: async () => {
      await turn('share')
      return {
        release: () => {
          shares -= 1
          proceed()
        },
        upgraded: async () => {
          await turn('upgrade')
          return changed
        },
      }
    },
    change: async () => {
      await turn('change')
      return changed
    },
    waiting: () => queue.length,
  }
}
