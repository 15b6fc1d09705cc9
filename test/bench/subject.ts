/** What is measured: programs that take OTLP/HTTP, keep it durably, and send it on. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Started, startProgram } from './child.ts'

export type Subject = {
  readonly name: string
  readonly durability: 'fsync'
  readonly start: (at: {
    /** Empty, of this subject alone. */
    readonly folder: string
    readonly sinkUrl: string
  }) => Promise<Running>
}
export type Running = Pick<Started, 'pid' | 'stop'> & { readonly url: string }

/** Waits between attempts are no part of how fast a backlog is sent: they are kept short. */
const backoff = { initial: '50ms', max: '200ms' }

/** @param cli the command line to run, built or as it stands */
/**
 * @param cli the command line to run, built or as it stands
 * @param flags of Node
 */
export const holdfast = (cli: string, ...flags: readonly string[]): Subject => ({
  name: 'holdfast',
  durability: 'fsync',
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
      }),
    )
    const started = await startProgram([...flags, cli, 'run', '--config', config])
    const { sources } = started.ready as { sources: { otlp_http: string } }
    return { ...started, url: sources.otlp_http }
  },
})

export const relay: Subject = {
  name: 'relay',
  durability: 'fsync',
  start: async ({ folder, sinkUrl }) => {
    const program = join(import.meta.dirname, 'relay.ts')
    const words = [program, '--to', sinkUrl, '--file', join(folder, 'bodies')]
    const started = await startProgram(words)
    return { ...started, url: (started.ready as { url: string }).url }
  },
}
