/** The services of the distributed body on a Kafka of their own, beside an endpoint that counts. */
import type { Role } from '../../pipeline/services/role.ts'
import { until } from '../support/holdfast-process.ts'
import type { ContainerNetwork } from './network.ts'
import { type Service, type ServiceKind, startService } from './service.ts'
import { demands, makeNamespace } from './transport.ts'

export type Totals = {
  readonly accepted: number
  readonly delivered: number
  readonly dropped: number
  readonly pending: number
  readonly unaccounted: number
}

/** Where one service is other than the others. */
export type Start = {
  readonly kind?: ServiceKind
  /** Its own way to the brokers. */
  readonly brokers?: readonly string[]
  readonly network?: ContainerNetwork
}

export type Cluster = AsyncDisposable & {
  /** Starts one more service of this role. */
  readonly start: (role: Role, changed?: Start) => Promise<Service & AsyncDisposable>
  readonly namespace: string
  /** As the auditor has it. */
  readonly totals: (auditor: Service) => Promise<Totals>
  /** Resolves when nothing is pending and so much was accepted at least. */
  readonly settled: (auditor: Service, accepted: number) => Promise<Totals>
}

const settleMsMax = 240_000
/** As `transport.kafka` asks for topics by default. */
const messageBytesMax = 2 ** 24 + 2 ** 17

export const openCluster = async (options: {
  /** `host:port` of the brokers, as the services reach them. */
  readonly brokers: readonly string[]
  /** As a test reaches them, where that is another way. */
  readonly known?: readonly string[]
  /** Over the defaults: an endpoint at least. */
  readonly config: object
  /** Of `transport.kafka`, over what is above. */
  readonly transport?: object
  readonly replicas?: { readonly replicationFactor: number; readonly minInsyncReplicas: number }
}): Promise<Cluster> => {
  const { brokers, config, replicas } = options
  const namespace = await makeNamespace(options.known ?? brokers, { messageBytesMax, ...replicas })
  await using opened = new AsyncDisposableStack()
  const transport = {
    kafka: {
      brokers,
      namespace,
      shards: demands.shards,
      ...options.transport,
      ...(replicas === undefined
        ? { replication_factor: 1, min_insync_replicas: 1 }
        : {
            replication_factor: replicas.replicationFactor,
            min_insync_replicas: replicas.minInsyncReplicas,
          }),
    },
  }
  const totals = async (auditor: Service): Promise<Totals> =>
    (await auditor.get<{ readonly totals: Totals }>('/api/v1/ledger')).totals
  const services = opened.move()
  return {
    namespace,
    start: async (role, { kind = 'process', brokers: own = brokers, ...changed } = {}) =>
      services.use(
        await startService({
          kind,
          role,
          config: { ...config, transport: { kafka: { ...transport.kafka, brokers: own } } },
          ...changed,
        }),
      ),
    totals,
    settled: (auditor, accepted) =>
      until(
        () => totals(auditor),
        (seen) => seen.pending === 0 && seen.accepted >= accepted,
        settleMsMax,
      ),
    [Symbol.asyncDispose]: () => services.disposeAsync(),
  }
}
