/** What the actors ask of what is around them, and what must be true whenever they do. */
import type { CacheContext } from '../../actors/cache/context.ts'
import type { CacheEffects } from '../../actors/cache/protocol.ts'
import type { IntakeEffects } from '../../actors/collector/protocol.ts'
import type { DeliveryContext } from '../../actors/delivery/judgement.ts'
import type { DeliveryEffects } from '../../actors/delivery/protocol.ts'
import type { DispatcherContext } from '../../actors/dispatcher/books.ts'
import type { DispatcherEffects } from '../../actors/dispatcher/protocol.ts'
import type { EndpointManagerEffects } from '../../actors/endpoint-manager/protocol.ts'
import type { Tell } from '../../actors/kit/tell.ts'
import type { Effect } from '../support/drive.ts'
import { faults } from './faults.ts'
import type { Asked, Outside } from './outside.ts'
import { holds, Violation } from './violation.ts'
import type { Acting, World } from './world.ts'

type Port = (acting: Acting, world: World, who: string, params: never) => World

/** Who asks the same a third time before the first answer is there learns nothing new by it. */
const sameMax = 2

const ask = (acting: Acting, world: World, it: Asked): World => {
  const { outside } = world
  const id = acting.asked.idOf(it)
  const most = it.port === 'recover' ? 1 : sameMax
  if (outside.asked.filter((other) => other === id).length >= most) return world
  const asked = [...outside.asked, id].sort((a, b) => a - b)
  return { ...world, outside: { ...outside, asked } }
}
const around = (world: World, change: Partial<Outside>): World => ({
  ...world,
  outside: { ...world.outside, ...change },
})

/** Nothing may join a segment that is going. */
const sealed = (world: World, segment: number): World =>
  around(world, {
    files: world.outside.files.map((it) => (it.id === segment ? { ...it, sealed: 'yes' } : it)),
  })

export const ports = (acting: Acting, world: World, who: string, effect: Effect): World => {
  const port = all[effect.type]
  if (port === undefined) throw new TypeError(`Nobody does ${effect.type} for the ${who}.`)
  return port(acting, world, who, effect.params as never)
}

const tell = (acting: Acting, world: World, who: string, { message }: Tell): World => {
  if (message.type === 'batches.leased') {
    const cache = acting.contextOf(world, 'cache') as unknown as CacheContext | undefined
    const { leases = [], windows = [] } = cache ?? {}
    const { concurrency, requestBatchesMax } = acting.inputs.dispatcher
    const batchesMax = Math.min(windows[0]?.batchesMax ?? 0, concurrency * requestBatchesMax)
    holds(
      leases.length <= batchesMax,
      () => `the cache leases ${leases.length} batches where ${batchesMax} were asked for`,
    )
  }
  if (who !== 'endpoint-manager' || message.type !== 'endpoint.assigned') return world
  const { epoch, url } = message.assignment
  holds(
    world.outside.journal[epoch - 1]?.url === url,
    () => `epoch ${epoch} is told for ${url}, and is not so in the journal`,
  )
  holds(
    epoch >= world.outside.told,
    () => `epoch ${epoch} is told after epoch ${world.outside.told}`,
  )
  return around(world, { told: epoch })
}

const acknowledge = (
  _: Acting,
  world: World,
  __: string,
  { appendId }: IntakeEffects['acknowledge'],
): World => {
  const { outside } = world
  if (!outside.unanswered.includes(appendId)) return world
  holds(
    outside.lastKept === appendId,
    () => `append ${appendId} is acknowledged, and is not durable`,
  )
  return answered(world, appendId)
}

const refuse = (_: Acting, world: World, __: string, params: IntakeEffects['refuse']): World =>
  answered(world, params.appendId)

const answered = (world: World, appendId: number): World =>
  around(world, { unanswered: world.outside.unanswered.filter((it) => it !== appendId) })

const startSend = (
  acting: Acting,
  world: World,
  _: string,
  params: DispatcherEffects['startSend'],
): World => {
  const { sendId, held, assignment, leaseUntilMs, nowMs } = params
  const context = acting.contextOf(world, 'dispatcher') as unknown as DispatcherContext
  holds(
    assignment.epoch === context.assignment?.epoch,
    () =>
      `${sendId} starts under epoch ${assignment.epoch}, which its dispatcher knows to be superseded`,
  )
  const input = { sendId, held, assignment, leaseUntilMs, startedAtMs: nowMs }
  return acting.startedSend(world, input)
}

const attempt = (
  acting: Acting,
  world: World,
  who: string,
  params: DeliveryEffects['attempt'],
): World => {
  const { sendId, attempt: number, assignment, piece } = params
  const id = world.sends[who] ?? -1
  const { newest } = acting.players.delivery.at(id).context as unknown as DeliveryContext
  holds(
    assignment.epoch === newest.epoch,
    () => `${sendId} tries under epoch ${assignment.epoch}, and knows of epoch ${newest.epoch}`,
  )
  const others = world.outside.attempts.filter((it) => it.sendId !== sendId || it.state !== 'out')
  const it = { sendId, attempt: number, epoch: assignment.epoch, piece, state: 'out' } as const
  return around(world, { attempts: [...others, it] })
}

const abandon = (_: Acting, world: World, who: string): World =>
  around(world, {
    attempts: world.outside.attempts.flatMap((it) => {
      if (it.sendId !== who) return [it]
      return world.outside.left.late === 0 ? [] : [{ ...it, state: 'given up' as const }]
    }),
  })

const release = (
  acting: Acting,
  world: World,
  _: string,
  { settlements }: CacheEffects['release'],
): World => {
  const durable = world.outside.accepted.filter((id) => id in world.outside.ends)
  const ended = new Set(durable.map((id) => acting.helds.at(id).batch.id))
  for (const { batchId } of settlements)
    holds(ended.has(batchId), () => `${batchId} is let go of, and its end is not durable`)
  return world
}

const removeEvicted = (
  acting: Acting,
  world: World,
  _: string,
  { eviction: { segment } }: CacheEffects['removeEvicted'],
): World => {
  holds(
    world.outside.evicted.includes(segment),
    () => `segment ${segment} is removed, and its loss is not durable`,
  )
  return ask(acting, world, { port: 'remove', segment })
}

const retire = (
  acting: Acting,
  world: World,
  _: string,
  { segment }: CacheEffects['retire'],
): World => {
  const file = world.outside.files.find(({ id }) => id === segment)
  const isOver = file?.held.every((id) => id in world.outside.ends) ?? true
  holds(isOver, () => `segment ${segment} is retired with a batch pending`)
  return ask(acting, sealed(world, segment), { port: 'retire', segment })
}

const answerCommand = (
  _: Acting,
  world: World,
  __: string,
  { commandId, result }: EndpointManagerEffects['answerCommand'],
): World => {
  const { open, journal } = world.outside
  holds(open.includes(commandId), () => `${commandId} is answered twice`)
  if (result.kind === 'assigned') {
    const { epoch, url } = result.assignment
    holds(journal[epoch - 1]?.url === url, () => `${commandId} is answered, and is not durable`)
  }
  return around(world, { open: open.filter((it) => it !== commandId) })
}

const fault = (_: Acting, world: World, who: string, { why }: { readonly why: string }): World => {
  if (!faults.some((it) => it.why === why)) throw new Violation(`${who}: ${why}`)
  return world
}

const nothing: Port = (_, world) => world

const all: Readonly<Record<string, Port>> = {
  tell,
  acknowledge,
  refuse,
  startSend,
  attempt,
  abandon,
  release,
  removeEvicted,
  retire,
  answerCommand,
  fault,
  takeGroup: (_, world) => around(world, { wants: 'a group' }),
  closeIntake: (_, world) => around(world, { intake: 'closed' }),
  openIntake: (_, world) => around(world, { intake: 'open' }),
  recover: (acting, world) => ask(acting, world, { port: 'recover' }),
  appendToLog: (acting, world, _, params: CacheEffects['appendToLog']) =>
    ask(acting, world, { port: 'append', ...params }),
  load: (acting, world, _, params: CacheEffects['load']) =>
    ask(acting, world, { port: 'load', ...params }),
  recordEviction: (acting, world, _, { segment }: CacheEffects['recordEviction']) =>
    ask(acting, sealed(world, segment), { port: 'evict', segment }),
  recordFates: (acting, world, _, { sendId, fates }: DeliveryEffects['recordFates']) =>
    ask(acting, world, { port: 'fates', sendId, fates }),
  journalAssignment: (_, world, __, params: EndpointManagerEffects['journalAssignment']) => {
    const { writes } = world.outside
    const same = writes.filter(({ write }) => write === params.write).length
    return same >= sameMax ? world : around(world, { writes: [...writes, params] })
  },
  announce: nothing,
}
