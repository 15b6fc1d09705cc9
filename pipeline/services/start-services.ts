/** Some services in one process, from start to stop: each has its own way to Kafka and back. */
import type { Kafka } from '../../infra/kafka/kafka.ts'
import type { Log } from '../../infra/telemetry/log.ts'
import type { Meters } from '../../infra/telemetry/meters.ts'
import type { Telemetry } from '../../infra/telemetry/telemetry.ts'
import { instant } from '../../schemas/brand.ts'
import type { Config } from '../config/config.ts'
import { openConfiguredIntake } from '../configured-intake.ts'
import { openLoudStage } from '../loud-stage.ts'
import { stallOf } from '../notices/happenings.ts'
import { noNotices } from '../notices/notices.ts'
import type { Complaints } from '../observe.ts'
import type { RunningPipeline } from '../observed.ts'
import { repeat } from '../repeat.ts'
import { type Rings, ringsHere, ringsSeen } from '../ring-summary.ts'
import { openSendProgress } from '../sights.ts'
import { actorViews } from '../view.ts'
import { followAssignments } from './assignments.ts'
import { type Audit, openAudit } from './audit.ts'
import { type AuditorNotices, openAuditorNotices } from './auditor-notices.ts'
import { startAuditor } from './auditor-service.ts'
import { startCaches } from './cache-service.ts'
import { causalKafka } from './causal-kafka.ts'
import { startCollector } from './collector-service.ts'
import { startDispatchers } from './dispatcher-service.ts'
import { startEndpointManager } from './endpoint-manager-service.ts'
import { openHeartbeat } from './heartbeat.ts'
import { observeServices } from './observe-services.ts'
import { openOperators } from './operators.ts'
import { type Peers, watchPeers } from './peers.ts'
import type { Role } from './role.ts'
import { openMail, type Service, type ServiceNeeds, type ServiceWorld } from './service.ts'
import { ringsEverywhere } from './service-rings.ts'
import { serviceSights } from './service-sights.ts'
import { watchUnheldShards } from './unheld-shards.ts'

const tidyMs = 250

type Given = {
  readonly roles: readonly Role[]
  /** This process in this life. */
  readonly service: string
  readonly kafka: Kafka
  readonly world: ServiceWorld
  readonly meters: Meters
  readonly log: Log
  /** Opened and closed by whoever starts the services. */
  readonly telemetry: Telemetry | undefined
}

/** Rejects when an address cannot be listened on, or Kafka does not answer. */
export const startServices = async (config: Config, given: Given): Promise<RunningPipeline> => {
  const { roles, service, world, meters, log } = given
  const { clock } = world
  const failure = Promise.withResolvers<Error>()
  const failed = (cause: unknown): void =>
    failure.resolve(cause instanceof Error ? cause : new Error(String(cause)))
  const intake = openConfiguredIntake(config, clock)
  const complaints: Complaints = { broken: [] }
  const stage = openLoudStage({
    name: service,
    clock,
    meters,
    log,
    complaints,
    failed,
    intake,
  })
  const kafka = causalKafka(given.kafka, stage)
  const needs: ServiceNeeds = { ...given, kafka, config, stage, failed }
  const mail = openMail(needs)
  const sends = openSendProgress()

  const assignments = await followAssignments(needs)
  const operators = await openOperators({ ...needs, clock, mail, assignments })
  const { stallAfterMs } = config.sentinel
  const peers = await watchPeers({ ...needs, stallAfterMs, now: clock.now })
  const audit = roles.includes('auditor') ? openAudit(needs) : undefined
  const notices = await openNotices({ ...needs, audit, peers })
  const caches = roles.includes('cache') ? await startCaches(needs) : undefined
  const services: Service[] = caches === undefined ? [] : [caches]
  if (audit !== undefined) services.push(await startAuditor(needs, audit))
  if (roles.includes('endpoint-manager')) services.push(await startEndpointManager(needs))
  if (roles.includes('dispatcher'))
    services.push(await startDispatchers({ ...needs, assignments, gotOn: sends.gotOn }))
  if (roles.includes('collector')) services.push(await startCollector({ ...needs, intake }))

  const actors = () => actorViews(stage.actors())
  const role = roles.length === 1 ? String(roles[0]) : 'all'
  const rings = (): Rings => {
    const here = ringsHere({ stage, service, clock })
    return audit === undefined
      ? { rings: here, missing: [] }
      : ringsEverywhere({ here, peers, shards: kafka.shards })
  }
  const unheld =
    audit &&
    watchUnheldShards({
      missing: () => rings().missing,
      pendingRecords: () => audit.account.ledger.totals().pending,
      hears: (nowMs) => peers.deaf(nowMs).length === 0,
      stallAfterMs,
      startedAtMs: clock.now(),
      meters,
      log,
      stalled: notices.stalled,
    })
  const heartbeat = openHeartbeat({
    service,
    role,
    mail,
    actors,
    rings: () => ringsSeen(stage.actors()),
  })
  const tidying = repeat({ clock, everyMs: tidyMs, failed }, async () => {
    const nowMs = clock.now()
    heartbeat.beat(nowMs)
    peers.look(nowMs)
    unheld?.look(nowMs)
    for (const it of services) await it.tidy(nowMs)
  })
  return {
    observed: observeServices({
      ...needs,
      clock,
      complaints,
      assignments,
      operators,
      peers,
      services,
      caches,
      audit,
      notices,
      rings,
      unheld,
    }),
    watched: {
      sights: () =>
        serviceSights(stage.actors(), { sendsEnded: sends.count(), nowMs: clock.now() }),
      restart: () => ({ kind: 'refused', why: 'a service is started anew as a process' }),
      noteStall: (subject, announcement) => {
        meters.count('stalls', {})
        notices.stalled(stallOf(subject, announcement))
      },
    },
    sources: Object.assign({}, ...services.map(({ sources }) => sources)),
    stop: async () => {
      const deadlineMs = instant(clock.now() + config.shutdownTimeoutMs)
      // The collector first, so that clients are answered; then what is out; then what holds it.
      for (const it of services.toReversed()) await it.stop(deadlineMs)
      await tidying.stop()
      heartbeat.last(clock.now())
      await Promise.all([operators, assignments, peers].map(({ close }) => close()))
      await notices.close()
      await audit?.bookkeeper.close()
      stage.stop()
      await kafka.close()
    },
    failed: failure.promise,
  }
}

/** Where the account is, losses are told of; nowhere else, so that nobody hears of them twice. */
const openNotices = async (
  given: ServiceNeeds & { readonly audit: Audit | undefined; readonly peers: Peers },
): Promise<AuditorNotices> => {
  const { audit, peers } = given
  if (audit === undefined) return noNotices
  const notices = await openAuditorNotices({
    ...given,
    ledger: audit.account.ledger,
    isAlone: () => !peers.hears(keepers),
  })
  peers.each(notices.stalled)
  return notices
}
/** Roles as heartbeats name them, of services that keep the account. */
const keepers: readonly string[] = ['auditor', 'all']
