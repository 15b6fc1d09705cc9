/** The distributed path: a process for each role, on a broker and in a namespace that are there. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Role } from '../../pipeline/services/role.ts'
import { type Started, startProgram } from './child.ts'

export const serviceRoles = [
  'collector',
  'cache',
  'dispatcher',
  'endpoint-manager',
  'auditor',
] as const satisfies readonly Role[]
export type ServiceRole = (typeof serviceRoles)[number]

export type Services = {
  readonly processes: Readonly<Record<ServiceRole, Started>>
  /** Where the collector takes OTLP. */
  readonly url: string
  /** The admin API of the auditor. */
  readonly admin: string
  readonly stop: () => Promise<void>
}

type Plan = {
  readonly cli: string
  readonly brokers: readonly string[]
  readonly namespace: string
  readonly shards: number
  readonly folder: string
  readonly sinkUrl: string
  /** Where Node's profiler leaves what it saw of each service; none: it does not look. */
  readonly profiles: string | undefined
}

export const startServices = async (plan: Plan): Promise<Services> => {
  const starting = serviceRoles.map((role) => startRole(role, plan))
  const outcomes = await Promise.allSettled(starting)
  const started = outcomes.flatMap((it) => (it.status === 'fulfilled' ? [it.value] : []))
  const stop = async (): Promise<void> => {
    await Promise.all(started.map((it) => it.stop()))
  }
  const failed = outcomes.find((it) => it.status === 'rejected')
  if (failed !== undefined) {
    await stop()
    throw failed.reason
  }
  const processes = Object.fromEntries(
    serviceRoles.map((role, index) => [role, started[index]]),
  ) as Record<ServiceRole, (typeof started)[number]>
  return {
    processes,
    url: processes.collector.ready.sources.otlp_http ?? '',
    admin: processes.auditor.ready.admin,
    stop,
  }
}

type Ready = { readonly admin: string; readonly sources: { readonly otlp_http?: string } }

const startRole = async (role: ServiceRole, plan: Plan) => {
  const { cli, brokers, namespace, shards, folder, sinkUrl, profiles } = plan
  const config = join(folder, `${role}.yaml`)
  // JSON is YAML. What is not here has its default; every byte crosses the wire, for both that are compared.
  await writeFile(
    config,
    JSON.stringify({
      name: 'bench',
      data_dir: `./${role}`,
      sources: { otlp_http: { listen: '127.0.0.1:0' } },
      endpoint: { url: sinkUrl },
      admin: { listen: '127.0.0.1:0' },
      transport: {
        kafka: {
          brokers,
          namespace,
          shards,
          replication_factor: 1,
          min_insync_replicas: 1,
          compression: 'none',
        },
      },
      shutdown_timeout: '5s',
    }),
  )
  const flags = profiles === undefined ? [] : profiling(role, profiles)
  const words = [...flags, cli, 'run', '--config', config, '--role', role]
  const started = await startProgram(process.execPath, words, 'line')
  return { ...started, ready: started.ready as Ready }
}

const profiling = (role: ServiceRole, profiles: string): readonly string[] => [
  '--cpu-prof',
  `--cpu-prof-dir=${profiles}`,
  `--cpu-prof-name=${role}-${process.pid}-${Date.now()}.cpuprofile`,
]
