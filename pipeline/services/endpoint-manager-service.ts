/** The endpoint manager as a service: its journal is the topic `endpoint-assignments`. */
import { endpointManager } from '../../actors/endpoint-manager/machine.ts'
import type { CommandResult } from '../../actors/endpoint-manager/protocol.ts'
import type { Arrived, Transactions } from '../../infra/kafka/kafka.ts'
import { epoch } from '../../schemas/brand.ts'
import type { ActorPersisted, Assignment, Message } from '../../schemas/messages.ts'
import {
  endpointManagerVersion,
  type Former,
  keepingEndpointManager,
  resumeEndpointManager,
} from '../endpoint-manager-life.ts'
import { endpointManagerInput } from '../inputs.ts'
import type { Keeper } from '../keeper.ts'
import { endpointPorts } from '../ports/endpoint-ports.ts'
import { openCommands } from './commands-taken.ts'
import { joinAgain, type Rejoining } from './rejoining.ts'
import { openMail, type Post, type Service, type ServiceNeeds } from './service.ts'

const id = 'endpoint-manager'
/** What it wrote last, each kind under its own key: a compacted topic keeps the latest of each. */
const keys = { assignment: 'assignment', actor: 'endpoint-manager', marker: 'reader' } as const

export const startEndpointManager = async (needs: ServiceNeeds): Promise<Service> => {
  const { kafka, stage, log, failed } = needs
  let transactions: Transactions | undefined
  const commands = openCommands((offset) =>
    membership.commit('endpoint-commands', { partition: 0, offset }),
  )

  /** Whoever was the manager before can assign nothing any more; then what it has assigned is read. */
  const begin = async (): Promise<void> => {
    transactions = membership.guarded(await kafka.takeOver('endpoint-manager'))
    const former = await formerOf(needs, transactions)
    startMachine(needs, { transactions, former, answered: commands.answered })
    log.info('endpoint-manager.taken', 'The endpoint manager is here.', {
      assignments: former.assignments.length,
    })
  }
  const end = async (): Promise<void> => {
    stage.end(id)
    commands.forget()
    await transactions?.close()
    transactions = undefined
  }
  const membership: Rejoining = await joinAgain(needs, {
    group: 'endpoint-manager',
    topics: ['endpoint-commands', 'mailbox-endpoint-manager'],
    taken: async (shards) => {
      if (!shards.includes(0)) return []
      await begin()
      // A command that was given while nobody was here is obeyed; a report of that time says nothing.
      return [{ topic: 'mailbox-endpoint-manager', partition: 0, from: 'latest' }]
    },
    lost: async (shards) => {
      if (shards.includes(0)) await end()
    },
    received: async (arrived) => {
      for (const it of arrived) {
        if (it.topic === 'records') continue
        if (it.topic === 'endpoint-commands') commands.taken(it.message, it.offset)
        stage.arrived(it, () => stage.post(id, it.message))
      }
    },
    failed,
  })
  return {
    role: 'endpoint-manager',
    sources: {},
    unready: () => [],
    tidy: async () => undefined,
    stop: async () => {
      await membership.close()
      await end()
    },
  }
}

const startMachine = (
  needs: ServiceNeeds,
  {
    transactions,
    former,
    answered,
  }: {
    readonly transactions: Transactions
    readonly former: Former
    readonly answered: (commandId: string) => void
  },
): void => {
  const { config, stage, world, meters, log, telemetry, failed } = needs
  const { clock } = world
  const mail = openMail(needs)
  const keeper = keeperOn(transactions)
  const post: Post['post'] = (to, message) => {
    if (to === id) stage.post(id, message)
    // Assignments are in the topic that every dispatcher reads. A refusal is for one send of one of them.
    else if (message.type === 'redirect.refused')
      for (let shard = 0; shard < needs.kafka.shards; shard += 1)
        mail({ topic: 'mailbox-dispatcher', partition: shard, message: message as never })
  }
  const changed = keepingEndpointManager({ stage, keeper, clock, log, failed })
  resumeEndpointManager({
    config,
    stage,
    clock,
    former,
    start: (snapshot) =>
      stage.start({
        id,
        machine: endpointManager,
        effects: endpointPorts({
          stage: { post },
          keeper,
          meters,
          log,
          // The dispatchers know of it when they read it.
          telemetry: telemetry && { ...telemetry, overtaken: () => undefined },
          assigned: () => undefined,
          answerCommand: (commandId, result) => {
            answered(commandId)
            const message = commandAnswered(commandId, result)
            mail({ topic: 'mailbox-operator', partition: 0, message })
          },
        }),
        input: endpointManagerInput(config, clock.now()),
        ...(snapshot === undefined ? {} : { snapshot }),
        changed,
      }),
  })
}

const commandAnswered = (commandId: string, result: CommandResult): Message =>
  result.kind === 'assigned'
    ? { type: 'command.answered', commandId, assignment: result.assignment, why: '', reason: '' }
    : {
        type: 'command.answered',
        commandId,
        assignment: null,
        why: result.why,
        reason: result.reason,
      }

/** An assignment's epoch is its offset, which nobody knows before it has it. */
const unknownEpoch = epoch(0)

const keeperOn = (
  transactions: Pick<Transactions, 'publish'>,
): Pick<Keeper, 'keepAssignment' | 'keepActor'> => {
  const topic = 'endpoint-assignments'
  return {
    keepAssignment: async (draft) => {
      const assignment: Assignment = { ...draft, epoch: unknownEpoch }
      const message: Message = { type: 'assignment.recorded', assignment }
      const [placed] = await transactions.publish([
        { topic, partition: 0, key: keys.assignment, message },
      ])
      if (placed === undefined) throw new RangeError('Kafka did not say where an assignment lies.')
      return epoch(placed.offset)
    },
    keepActor: async ({ actor, version, snapshot }, nowMs) => {
      const message: ActorPersisted = {
        type: 'actor.persisted',
        actor,
        version,
        snapshot: JSON.stringify(snapshot),
        atMs: nowMs,
      }
      await transactions.publish([{ topic, partition: 0, key: keys.actor, message }])
    },
  }
}

/** Reads the topic to a marker of its own: what lies before it is all there was. */
const formerOf = async (
  { kafka, service, world: { clock } }: ServiceNeeds,
  transactions: Pick<Transactions, 'publish'>,
): Promise<Former> => {
  const assignments: Assignment[] = []
  const actors = new Map<string, ActorPersisted>()
  const marker = `${service}/${clock.now()}`
  const message: ActorPersisted = {
    type: 'actor.persisted',
    actor: marker,
    version: endpointManagerVersion,
    snapshot: 'null',
    atMs: clock.now(),
  }
  const [placed] = await transactions.publish([
    { topic: 'endpoint-assignments', partition: 0, key: keys.marker, message },
  ])
  const done = Promise.withResolvers<void>()
  const following = await kafka.follow({
    topics: ['endpoint-assignments'],
    from: 'earliest',
    received: async (arrived) => {
      for (const it of arrived) {
        take(it, { assignments, actors })
        if (placed !== undefined && it.offset >= placed.offset) done.resolve()
      }
    },
    failed: done.reject,
  })
  try {
    await done.promise
  } finally {
    await following.close()
  }
  return { assignments, actors }
}

const take = (
  it: Arrived,
  into: { readonly assignments: Assignment[]; readonly actors: Map<string, ActorPersisted> },
): void => {
  if (it.topic === 'records') return
  if (it.message.type === 'assignment.recorded')
    into.assignments.push({ ...it.message.assignment, epoch: epoch(it.offset) })
  if (it.message.type === 'actor.persisted') into.actors.set(it.message.actor, it.message)
}
