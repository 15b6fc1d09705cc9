/** The real command line as a process of its own, with a folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

export const cli = join(import.meta.dirname, '../../pipeline/cli.ts')

export type HoldfastProcess = {
  readonly admin: string
  readonly otlp: string
  readonly pid: number
  /** Log lines so far. */
  readonly logged: () => readonly LogLine[]
  readonly kill: (signal: NodeJS.Signals) => Promise<number | null>
  /** Get, as JSON, from the admin API. */
  readonly get: <Answer>(path: string) => Promise<Answer>
  readonly redirect: (url: string) => Promise<Response>
}
export type LogLine = { readonly level: string; readonly event: string } & Record<string, unknown>

/** Of a process that did not start. */
const linesShownMax = 20

/** A folder that is removed at the end. */
export const workspace = async (): Promise<{ path: string } & AsyncDisposable> => {
  const path = await mkdtemp(join(tmpdir(), 'holdfast-test-'))
  return {
    path,
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 3 }),
  }
}

const flawless = { nodeOptions: [], environment: {} }

/** Starts `holdfast run` and resolves once it says that everything listens. */
export const startHoldfast = async (
  folder: string,
  config: object,
  /** For a process with a flaw: what Node is told besides, and the environment. */
  flaw: {
    readonly nodeOptions: readonly string[]
    readonly environment: NodeJS.ProcessEnv
    /** Of `holdfast run`, besides the file. */
    readonly options?: readonly string[]
  } = flawless,
): Promise<HoldfastProcess & AsyncDisposable> => {
  const file = join(folder, 'holdfast.yaml')
  const defaults = {
    name: 'test',
    data_dir: './data',
    sources: { otlp_http: { listen: '127.0.0.1:0' } },
    admin: { listen: '127.0.0.1:0' },
    shutdown_timeout: '5s',
  }
  // JSON is YAML.
  await writeFile(file, JSON.stringify({ ...defaults, ...config }))
  const command = [cli, 'run', '--config', file, ...(flaw.options ?? [])]
  const child = spawn(process.execPath, [...flaw.nodeOptions, ...command], {
    env: { ...process.env, ...flaw.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const lines: LogLine[] = []
  createInterface({ input: child.stderr }).on('line', (line) => lines.push(parsed(line)))
  // Not `exit`: by then its last words may not have been read.
  const exited = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>
  const ready = await Promise.race([
    once(createInterface({ input: child.stdout }), 'line').then(([line]) => JSON.parse(line)),
    exited.then(([status]) => {
      const last = lines.slice(-linesShownMax).map((line) => JSON.stringify(line))
      throw new Error(`holdfast run exited with ${status}: ${last.join('\n')}`)
    }),
  ])
  const kill = async (signal: NodeJS.Signals): Promise<number | null> => {
    if (isRunning(child)) child.kill(signal)
    return (await exited)[0]
  }
  return {
    admin: ready.admin,
    otlp: ready.sources.otlp_http,
    pid: child.pid ?? -1,
    logged: () => lines,
    kill,
    get: async (path) => (await (await fetch(`${ready.admin}${path}`)).json()) as never,
    redirect: (url) =>
      fetch(`${ready.admin}/api/v1/endpoint`, {
        method: 'PUT',
        body: JSON.stringify({ url, reason: 'test' }),
        headers: { 'content-type': 'application/json' },
      }),
    [Symbol.asyncDispose]: async () => {
      await kill('SIGKILL')
    },
  }
}

const isRunning = (child: ChildProcess): boolean =>
  child.exitCode === null && child.signalCode === null

const parsed = (line: string): LogLine => {
  try {
    return JSON.parse(line)
  } catch {
    return { level: 'raw', event: 'stderr', message: line }
  }
}

/** Looks again until something holds; the error says what was seen last. */
export const until = async <Seen>(
  look: () => Promise<Seen> | Seen,
  holds: (seen: Seen) => boolean,
  timeoutMs = 30_000,
): Promise<Seen> => {
  const deadlineMs = Date.now() + timeoutMs
  for (;;) {
    const seen = await look()
    if (holds(seen)) return seen
    if (Date.now() > deadlineMs) throw new Error(`Never held; last seen: ${JSON.stringify(seen)}`)
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
}
