/** All services, an endpoint beside them and clients that send: what a fault happens to. */
import assert from 'node:assert/strict'
import type { Role } from '../../pipeline/services/role.ts'
import { idsTaken, missingOf } from '../support/deliveries.ts'
import { type Load, openLoad } from '../support/load.ts'
import { openSink, type Sink } from '../support/sink.ts'
import { type Cluster, openCluster, type Start, type Totals } from './cluster.ts'
import type { Service } from './service.ts'

export type Plant = AsyncDisposable & {
  readonly cluster: Cluster
  readonly services: Readonly<Record<Role, Service>>
  readonly sink: Sink
  readonly load: Load
  /** Clients send until `stop`, which resolves when the last one has its answer. */
  readonly send: (to?: Service) => { readonly stop: () => Promise<void> }
  /** Resolves when so many more records were promised. */
  readonly promisedMore: (records: number) => Promise<void>
  /** The end of each scenario: all that was promised has arrived, or is told as dropped. */
  readonly balanced: (sinks?: readonly Sink[]) => Promise<Totals>
}

const streams = [
  { tenant: 'acme', service: 'auth' },
  { tenant: 'acme', service: 'web' },
  { tenant: 'blue', service: 'web' },
  { tenant: 'blue', service: 'api' },
]
const recordsPerRequest = 10
/** For what takes seconds where a machine has nothing else to do. */
export const waitMsMax = 180_000

/** Impatient, so that a test need not be patient. */
const impatient = {
  dispatch: { backoff: { initial: '20ms', max: '200ms' }, attempt_timeout: '2s' },
  sentinel: { stall_after: '5s' },
}
export const sessionMs = 6_000
const transport = {
  session_timeout: `${sessionMs}ms`,
  request_timeout: '3s',
  connect_timeout: '1s',
}

export const openPlant = async (options: {
  readonly brokers: readonly string[]
  /** Over the defaults. */
  readonly config?: object
  readonly started?: Partial<Record<Role, Start>>
  readonly replicas?: { readonly replicationFactor: number; readonly minInsyncReplicas: number }
  readonly recordBytes?: number
}): Promise<Plant> => {
  const { brokers, config, started = {}, replicas, recordBytes = 200 } = options
  await using opening = new AsyncDisposableStack()
  const sink = await openSink({ keep: 'bodies' })
  opening.defer(sink.close)
  const cluster = opening.use(
    await openCluster({
      brokers,
      config: { endpoint: { url: sink.url }, ...impatient, ...config },
      transport,
      ...(replicas === undefined ? {} : { replicas }),
    }),
  )
  const [auditor, manager, cache, dispatcher, collector] = await Promise.all([
    cluster.start('auditor', started.auditor),
    cluster.start('endpoint-manager', started['endpoint-manager']),
    cluster.start('cache', started.cache),
    cluster.start('dispatcher', started.dispatcher),
    cluster.start('collector', started.collector),
  ])
  const load = openLoad({ streams, recordsPerRequest, recordBytes })
  opening.defer(load.close)
  const opened = opening.move()
  return {
    cluster,
    services: { auditor, 'endpoint-manager': manager, cache, dispatcher, collector },
    sink,
    load,
    send: (receiver = collector) => {
      let going = true
      const to = () => receiver.otlp
      const sent = load.send({ to, connections: 3, goOn: () => going, pauseMs: 30 })
      const stop = (): Promise<void> => {
        going = false
        return sent
      }
      opened.defer(stop)
      return { stop }
    },
    promisedMore: async (records) => {
      const enough = load.promisedRecords() + records
      const deadlineMs = Date.now() + waitMsMax
      while (load.promisedRecords() < enough) {
        if (Date.now() > deadlineMs) {
          const answers = JSON.stringify([...load.refusals])
          throw new Error(`${load.promisedRecords()} of ${enough} promised; answers: ${answers}`)
        }
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    },
    balanced: async (sinks = [sink]) => {
      const totals = await cluster.settled(auditor, load.promisedRecords())
      assert.equal(totals.unaccounted, 0)
      assert.equal(totals.accepted, totals.delivered + totals.dropped)
      const missing = missingOf(load, idsTaken(sinks, load))
      assert.ok(missing.length <= totals.dropped, `${missing.length} are missing unreported`)
      return totals
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}
