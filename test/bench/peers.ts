/**
 * What a user might run instead, each at its most durable setting, where that can be had. Programs are
 * looked for on the PATH and where the scripts in infra/peers put them.
 */
import { access, constants, mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { startProgram } from './child.ts'
import type { Subject } from './subject.ts'

const { PATH = '', HOLDFAST_PEERS, XDG_CACHE_HOME = join(homedir(), '.cache') } = process.env
const folders = [
  ...PATH.split(delimiter),
  HOLDFAST_PEERS ?? join(XDG_CACHE_HOME, 'holdfast-peers', 'bin'),
]

/** Where a program is; `undefined` where it is not installed. */
const found = async (program: string): Promise<string | undefined> => {
  for (const folder of folders) {
    const path = join(folder, program)
    try {
      await access(path, constants.X_OK)
      return path
    } catch (cause) {
      if (!(cause instanceof Error && 'code' in cause)) throw cause
    }
  }
  return undefined
}

type Peer = Pick<Subject, 'name' | 'durability' | 'speaks'> & {
  readonly program: string
  readonly words: (files: { readonly config: string; readonly folder: string }) => readonly string[]
  readonly config: (at: {
    readonly folder: string
    readonly port: number
    readonly sink: URL
  }) => string
}

const otelcol: Peer = {
  name: 'otelcol',
  durability: 'fsync',
  speaks: 'otlp',
  program: 'otelcol',
  words: ({ config }) => ['--config', config],
  config: ({ folder, port, sink }) =>
    JSON.stringify({
      extensions: { file_storage: { directory: join(folder, 'queue'), fsync: true } },
      receivers: { otlp: { protocols: { http: { endpoint: `127.0.0.1:${port}` } } } },
      exporters: {
        otlp_http: {
          endpoint: sink.origin,
          compression: 'none',
          sending_queue: { storage: 'file_storage', num_consumers: 8, queue_size: 100_000 },
          retry_on_failure: {
            initial_interval: '50ms',
            max_interval: '200ms',
            max_elapsed_time: 0,
          },
        },
      },
      service: {
        extensions: ['file_storage'],
        telemetry: { metrics: { level: 'none' }, logs: { level: 'error' } },
        pipelines: { logs: { receivers: ['otlp'], exporters: ['otlp_http'] } },
      },
    }),
}

/**
 * Its queue on disk, as it is. With queue.syncQueueFiles it syncs for every message: some 270 a second were
 * seen, which nobody runs.
 */
const rsyslog: Peer = {
  name: 'rsyslog',
  durability: 'disk queue, not synced; nobody is answered',
  speaks: 'syslog',
  program: 'rsyslogd',
  words: ({ config, folder }) => ['-n', '-f', config, '-i', join(folder, 'pid')],
  config: ({ folder, port, sink }) => `
global(workDirectory="${join(folder, 'queue')}" maxMessageSize="64k")
main_queue(queue.type="Direct")
module(load="imtcp" maxSessions="1000")
input(type="imtcp" port="${port}" address="127.0.0.1" ruleset="on")
template(name="raw" type="string" string="%rawmsg%\\n")
ruleset(name="on") {
  action(type="omfwd" target="127.0.0.1" port="${sink.port}" protocol="tcp" template="raw"
    queue.type="Disk" queue.filename="on" queue.maxDiskSpace="8g" queue.saveOnShutdown="on"
    queue.checkpointInterval="1000" queue.dequeueBatchSize="1000"
    queue.size="10000000" action.resumeRetryCount="-1" action.resumeInterval="1")
}
`,
}

const syslogNg: Peer = {
  name: 'syslog-ng',
  durability: 'reliable disk buffer, not synced; nobody is answered',
  speaks: 'syslog',
  program: 'syslog-ng',
  words: ({ config, folder }) => [
    '--foreground',
    '--no-caps',
    `--cfgfile=${config}`,
    `--persist-file=${join(folder, 'persist')}`,
    `--pidfile=${join(folder, 'pid')}`,
    `--control=${join(folder, 'control')}`,
  ],
  config: ({ folder, port, sink }) => `@version: 3.38
options { time-reopen(1); stats-freq(0); log-msg-size(65536); };
source in { network(ip("127.0.0.1") port(${port}) transport("tcp") flags(no-parse)
  max-connections(1000) log-iw-size(100000)); };
destination out { http(url("${sink.origin}/lines") method("POST") body("$MSG") workers(8)
  batch-lines(500) batch-bytes(1048576) batch-timeout(10)
  disk-buffer(reliable(yes) disk-buf-size(4294967296) mem-buf-size(67108864)
    dir("${join(folder, 'queue')}"))); };
log { source(in); destination(out); flags(flow-control); };
`,
}

const all: readonly Peer[] = [otelcol, rsyslog, syslogNg]
export const peerNames: readonly string[] = all.map(({ name }) => name)

/** Those that are installed, of the names that are asked for. */
export const installedPeers = async (
  names: readonly string[],
): Promise<{ readonly subjects: readonly Subject[]; readonly missing: readonly string[] }> => {
  const sought = all.filter(({ name }) => names.includes(name))
  const places = await Promise.all(sought.map(({ program }) => found(program)))
  return {
    subjects: sought.flatMap((peer, index) => {
      const path = places[index]
      return path === undefined ? [] : [subjectOf(peer, path)]
    }),
    missing: sought.filter((_, index) => places[index] === undefined).map(({ name }) => name),
  }
}

const subjectOf = (
  { name, durability, speaks, words, config: textOf }: Peer,
  path: string,
): Subject => ({
  name,
  durability,
  speaks,
  start: async ({ folder, sinkUrl }) => {
    const port = await freePort()
    const config = join(folder, 'config')
    await mkdir(join(folder, 'queue'), { recursive: true })
    await writeFile(config, textOf({ folder, port, sink: new URL(sinkUrl) }))
    const started = await startProgram(path, words({ config, folder }), { port })
    return { ...started, url: `http://127.0.0.1:${port}` }
  },
})

/** Peers have to be told a port. Somebody may take it in between, which then shows. */
const freePort = async (): Promise<number> => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('There is no free port.')
  return address.port
}
