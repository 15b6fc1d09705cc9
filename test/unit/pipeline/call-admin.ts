import { request } from 'node:http'
import { openLog } from '../../../infra/telemetry/log.ts'
import { type Admin, openAdmin } from '../../../pipeline/admin/server.ts'
import type { Observed } from '../../../pipeline/observed.ts'

/** The lines that the servers below have logged. */
export const lines: string[] = []
export const log = openLog({ write: (line) => lines.push(line), level: 'debug', now: Date.now })
export const open = (options: {
  readonly observed: Observed | null
  readonly token?: string
  readonly inspect?: 'on' | 'off'
}) =>
  openAdmin({
    listen: { host: '127.0.0.1', port: 0 },
    token: options.token ?? null,
    inspect: options.inspect ?? 'off',
    observed: () => options.observed,
    log,
  })

type Got = {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
  /** Empty when the answer is no JSON. */
  readonly json: Said
}
/** What tests look at, of all answers. */
type Said = {
  readonly status?: string
  readonly reasons?: readonly unknown[]
  readonly error?: string
  readonly allowed?: string
  readonly streams?: readonly unknown[]
  readonly epoch?: number
  readonly url?: string
  readonly totals?: unknown
  readonly cursor?: unknown
  readonly drops?: readonly unknown[]
  readonly history?: readonly { readonly at: string }[]
}
/** One call on a connection of its own, so that no test waits for one kept alive. */
export const call = (
  admin: Admin,
  path: string,
  options: {
    readonly method?: string
    readonly headers?: Readonly<Record<string, string>>
    readonly body?: string
  } = {},
): Promise<Got> =>
  new Promise((resolve, reject) => {
    const { method = 'GET', headers = {}, body } = options
    const sent = request(`${admin.url}${path}`, { method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk) => chunks.push(chunk))
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8')
        const isJson = response.headers['content-type']?.startsWith('application/json')
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text,
          json: isJson && text !== '' ? (JSON.parse(text) as Said) : {},
        })
      })
    })
    sent.on('error', reject)
    sent.end(body)
  })
