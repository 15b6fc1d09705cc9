import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import type { Arrivals } from './arrivals.ts'

/** How an endpoint treats one agent. Answers are held back for `afterMs`. */
export type Manner =
  | { readonly kind: 'takes'; readonly afterMs: number }
  /** 307 to another base URL; nothing is taken. */
  | { readonly kind: 'redirects'; readonly afterMs: number; readonly to: string }
  /** 503 at once. */
  | { readonly kind: 'away' }

/** An endpoint on loopback that treats each agent in a manner of its own, by the path it is sent to. */
export type StagedEndpoint = {
  /** The base URL for an agent. */
  readonly urlFor: (agent: string) => string
  readonly treat: (agent: string, manner: Manner) => void
  /** Requests of an agent that are held back now, and will be answered with a redirect. */
  readonly aboutToRedirect: (agent: string) => number
  /** Redirects answered to an agent so far. */
  readonly redirected: (agent: string) => number
  readonly close: () => Promise<void>
}

const bodyBytesMax = 32 * 1024 * 1024
const initial: Manner = { kind: 'takes', afterMs: 0 }

export const openStagedEndpoint = async (arrivals: Arrivals): Promise<StagedEndpoint> => {
  const manners = new Map<string, Manner>()
  const held = new Map<string, number>()
  const redirects = new Map<string, number>()
  const life = new AbortController()
  const add = (counts: Map<string, number>, agent: string, by: number): void =>
    void counts.set(agent, (counts.get(agent) ?? 0) + by)

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const [, agent = ''] = (request.url ?? '').split('/')
    const manner = manners.get(agent) ?? initial
    const weight = manner.kind === 'redirects' ? 1 : 0
    add(held, agent, weight)
    try {
      const body = await bodyOf(request)
      if (manner.kind === 'away') return answer(response, 503)
      await pause(manner.afterMs, undefined, { signal: life.signal })
      // Who has gone meanwhile would send it again: it must not be counted as taken twice over.
      if (response.destroyed) return
      if (manner.kind === 'redirects') {
        add(redirects, agent, 1)
        return answer(response, 307, { location: `${manner.to}/v1/logs` })
      }
      arrivals.take(agent, body)
      answer(response, 200)
    } finally {
      add(held, agent, -weight)
    }
  }

  const server = createServer((request, response) => {
    serve(request, response).catch((cause: unknown) => {
      // It broke off, or the replay ended: nothing was taken.
      if (life.signal.aborted || request.destroyed) response.destroy()
      else answer(response, 400, { 'x-fault': String(cause).replaceAll(/[^ -~]/g, ' ') })
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    urlFor: (agent) => `http://127.0.0.1:${port}/${agent}`,
    treat: (agent, manner) => void manners.set(agent, manner),
    aboutToRedirect: (agent) => held.get(agent) ?? 0,
    redirected: (agent) => redirects.get(agent) ?? 0,
    close: async () => {
      life.abort()
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}

const answer = (
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>> = {},
): void => {
  if (response.destroyed || response.headersSent) return
  response.writeHead(status, {
    'content-type': 'application/x-protobuf',
    'content-length': 0,
    ...headers,
  })
  response.end()
}

const bodyOf = async (request: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request) {
    bytes += chunk.length
    if (bytes > bodyBytesMax) throw new RangeError(`a body has ${bodyBytesMax} bytes at most`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
