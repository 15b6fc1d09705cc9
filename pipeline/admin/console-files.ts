/** The console: a few files that were built beforehand, and are the same for everybody. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { IncomingHttpHeaders } from 'node:http'
import { extname } from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { type Answer, refusal } from './answer.ts'

export type ConsoleFiles = (path: string, headers: IncomingHttpHeaders) => Promise<Answer>

/** By the path that is asked for. Nothing else in the folder can be reached. */
const files: Readonly<Record<string, { readonly name: string; readonly type: string }>> = {
  '/': { name: 'index.html', type: 'text/html; charset=utf-8' },
  '/console.js': { name: 'console.js', type: 'text/javascript; charset=utf-8' },
  '/console.css': { name: 'console.css', type: 'text/css; charset=utf-8' },
  '/charts.json': { name: 'charts.json', type: 'application/json; charset=utf-8' },
  '/icon.svg': { name: 'icon.svg', type: 'image/svg+xml' },
}

export const isConsoleFile = (path: string): boolean => Object.hasOwn(files, path)

/** Nothing from elsewhere, nothing inline, in nobody's frame: a name that looks like markup stays text. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** As it is run from its sources, or as it was built. */
const built = extname(import.meta.url) === '.ts' ? '../../dist/console/' : '../../console/'

type Loaded = { readonly plain: Buffer; readonly zipped: Buffer; readonly etag: string }
const zip = promisify(gzip)

export const openConsoleFiles = (): ConsoleFiles => {
  const loaded = new Map<string, Promise<Loaded>>()
  const load = (name: string): Promise<Loaded> => {
    const known = loaded.get(name) ?? loadedFrom(new URL(`${built}${name}`, import.meta.url))
    loaded.set(name, known)
    return known
  }
  return async (path, headers) => {
    const file = isConsoleFile(path) ? files[path] : undefined
    if (file === undefined) return refusal({ status: 404, error: 'there is no such page' })
    return answered(file, { headers, load, loaded })
  }
}

const loadedFrom = async (url: URL): Promise<Loaded> => {
  const plain = await readFile(url)
  const zipped = await zip(plain, { level: 9 })
  const etag = `"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`
  return { plain, zipped, etag }
}

const answered = async (
  { name, type }: { readonly name: string; readonly type: string },
  given: {
    readonly headers: IncomingHttpHeaders
    readonly load: (name: string) => Promise<Loaded>
    readonly loaded: Map<string, Promise<Loaded>>
  },
): Promise<Answer> => {
  const { 'if-none-match': known, 'accept-encoding': accepted = '' } = given.headers
  try {
    const { plain, zipped, etag } = await given.load(name)
    const headers = {
      'content-type': type,
      'content-security-policy': policy,
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cache-control': 'no-cache',
      vary: 'accept-encoding',
      etag,
    }
    if (known === etag) return { status: 304, headers, body: '' }
    return /\bgzip\b/.test(String(accepted))
      ? { status: 200, headers: { ...headers, 'content-encoding': 'gzip' }, body: zipped }
      : { status: 200, headers, body: plain }
  } catch (cause) {
    given.loaded.delete(name)
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'ENOENT')) throw cause
    return refusal({
      status: 404,
      error: `the console was not built: there is no ${name}`,
      allowed: 'npm run build',
    })
  }
}
