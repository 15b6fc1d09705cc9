/** A receiver of webhooks that keeps what it was sent and answers as it is told. */
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { TestContext } from 'node:test'

export type Posted = {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}
export type HookAnswer =
  | { readonly kind: 'status'; readonly status: number; readonly headers?: Record<string, string> }
  | { readonly kind: 'hang' }
  /** The head of a good answer, and never its end. */
  | { readonly kind: 'endless' }
  | { readonly kind: 'reset' }

export type WebhookReceiver = {
  readonly url: string
  readonly posted: () => readonly Posted[]
  readonly answer: (answer: HookAnswer) => void
  readonly close: () => Promise<void>
}

export const openWebhookReceiver = async (
  options: { readonly port?: number; readonly answer?: HookAnswer } = {},
): Promise<WebhookReceiver> => {
  const posted: Posted[] = []
  let answer: HookAnswer = options.answer ?? { kind: 'status', status: 204 }
  const server: Server = createServer(async (request, response) => {
    const body = await text(request)
    posted.push({ path: request.url ?? '', headers: request.headers, body })
    if (answer.kind === 'reset') request.socket.destroy()
    else if (answer.kind === 'endless') response.writeHead(200).write('.')
    else if (answer.kind === 'status') response.writeHead(answer.status, answer.headers).end()
  })
  server.listen(options.port ?? 0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    posted: () => posted,
    answer: (next) => {
      answer = next
    },
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** One that takes everything, and is gone when the test is over. */
export const openTestReceiver = async (t: TestContext): Promise<WebhookReceiver> => {
  const receiver = await openWebhookReceiver()
  t.after(receiver.close)
  return receiver
}

/** `notices` of a configuration, for those who cannot wait. */
export const briskly = {
  linger: '100ms',
  interval: '200ms',
  backoff: { initial: '50ms', max: '200ms' },
  attempt_timeout: '1s',
}

export type CloudEvent<Data = Readonly<Record<string, unknown>>> = {
  readonly specversion: string
  readonly id: string
  readonly source: string
  readonly type: string
  readonly subject: string
  readonly time: string
  readonly datacontenttype: string
  readonly data: Data
}
export const eventOf = <Data>({ body }: Posted): CloudEvent<Data> => JSON.parse(body)
