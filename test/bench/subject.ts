/** What is measured: programs that take records, keep them on disk, and send them on. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Started, startProgram } from './child.ts'

export type Subject = {
  readonly name: string
  /** In a word or two: what is on stable storage when a client has its answer. */
  readonly durability: string
  /** What it is sent: OTLP/HTTP requests, or lines of syslog over TCP, which nobody answers. */
  readonly speaks: 'otlp' | 'syslog'
  readonly start: (at: {
    /** Of this subject alone; what it left there, it finds again. */
    readonly folder: string
    readonly sinkUrl: string
  }) => Promise<Running>
}
export type Running = Pick<Started, 'pid' | 'stop' | 'exited'> & {
  readonly url: string
  /** Of the admin API, where there is one. */
  readonly admin?: string
}

/** Waits between attempts are no part of how fast a backlog is sent: they are kept short. */
const backoff = { initial: '50ms', max: '200ms' }

/**
 * @param cli the command line to run, built or as it stands
 * @param options.flags of Node
 * @param options.settings of the configuration file, in place of those here
 */
export const holdfast = (
  cli: string,
  options: { readonly flags?: readonly string[]; readonly settings?: object } = {},
): Subject => ({
  name: 'holdfast',
  durability: 'fsync',
  speaks: 'otlp',
  start: async ({ folder, sinkUrl }) => {
    const config = join(folder, 'holdfast.yaml')
    // JSON is YAML. What is not here has its default.
    await writeFile(
      config,
      JSON.stringify({
        name: 'bench',
        data_dir: './data',
        sources: { otlp_http: { listen: '127.0.0.1:0' } },
        endpoint: { url: sinkUrl },
        admin: { listen: '127.0.0.1:0' },
        cache: { durability: 'fsync' },
        dispatch: { backoff },
        shutdown_timeout: '5s',
        ...options.settings,
      }),
    )
    const words = [...(options.flags ?? []), cli, 'run', '--config', config]
    const started = await startProgram(process.execPath, words, 'line')
    const { admin, sources } = started.ready as { admin: string; sources: { otlp_http: string } }
    return { ...started, url: sources.otlp_http, admin }
  },
})

/** The same, by so many processes and one that watches over them. */
export const severalWorkers = (cli: string, workers: number): Subject => ({
  ...holdfast(cli, { settings: { workers } }),
  name: `${workers} workers`,
})

const yardstick = (
  name: string,
  { program, flags = [] }: { readonly program: string; readonly flags?: readonly string[] },
): Subject => ({
  name,
  durability: 'fsync',
  speaks: 'otlp',
  start: async ({ folder, sinkUrl }) => {
    const words = [join(import.meta.dirname, program), '--to', sinkUrl]
    const started = await startProgram(
      process.execPath,
      [...words, '--file', join(folder, 'bodies'), ...flags],
      'line',
    )
    return { ...started, url: (started.ready as { url: string }).url }
  },
})
/** What Holdfast is held against: as little as can be between a client and a sink, and less than that. */
export const yardsticks: readonly Subject[] = [
  yardstick('relay', { program: 'relay.ts' }),
  yardstick('raw-relay', { program: 'raw-relay.ts' }),
]

/** The relay with files of one size, of which the oldest goes when there are too many. */
export const relayWithin = (sizes: {
  readonly segmentBytes: number
  readonly segmentsMax: number
}): Subject =>
  yardstick('relay', {
    program: 'relay.ts',
    flags: ['--segment-bytes', `${sizes.segmentBytes}`, '--segments-max', `${sizes.segmentsMax}`],
  })
