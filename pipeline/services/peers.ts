/**
 * The other services, as their heartbeats tell: one that has fallen silent without a word is named, by
 * the same statechart that watches the actors of a process.
 */
import { type Actor, createActor } from 'xstate'
import { sentinel } from '../../actors/sentinel/machine.ts'
import type { Announcement } from '../../actors/sentinel/protocol.ts'
import type { Kafka } from '../../infra/kafka/kafka.ts'
import type { Log } from '../../infra/telemetry/log.ts'
import type { Meters } from '../../infra/telemetry/meters.ts'
import { type InstantMs, instant } from '../../schemas/brand.ts'
import type { ServiceBeat } from '../../schemas/messages.ts'
import type { Stall } from '../notices/happenings.ts'
import type { Complaint } from '../observed.ts'

export type Peers = {
  /** Looks whether all are there. To be called several times within `stallAfterMs`. */
  readonly look: (nowMs: InstantMs) => void
  readonly beats: () => readonly ServiceBeat[]
  /** Those that are silent. */
  readonly silent: () => readonly Complaint[]
  /** Whether Kafka brings to this service what this service itself says. */
  readonly deaf: (nowMs: InstantMs) => readonly Complaint[]
  /** Whether one with one of these roles is there, and not silent. */
  readonly hears: (roles: readonly string[]) => boolean
  /** Calls back when one falls silent, and when it is heard again. */
  readonly each: (stalled: (stall: Stall) => void) => void
  readonly close: () => Promise<void>
}

type Peer = { beat: ServiceBeat; count: number; readonly watch: Actor<typeof sentinel> }

/** A service that was silent for so long is not expected back: the platform has started another. */
const forgetMs = 10 * 60_000
const peersMax = 1_000
/**
 * Whoever has not heard itself for so long hears nobody: Kafka is away, or this process was frozen. It
 * cannot say of others that they are silent.
 */
const deafMs = 3_000

export const watchPeers = async ({
  kafka,
  service,
  stallAfterMs,
  now,
  meters,
  log,
  failed,
}: {
  readonly kafka: Pick<Kafka, 'follow'>
  readonly service: string
  readonly stallAfterMs: number
  readonly now: () => InstantMs
  readonly meters: Meters
  readonly log: Log
  readonly failed: (cause: unknown) => void
}): Promise<Peers> => {
  const peers = new Map<string, Peer>()
  let ownHeardMs = now()
  const isDeaf = (nowMs: InstantMs): boolean => nowMs - ownHeardMs > deafMs
  const listeners: ((stall: Stall) => void)[] = []

  const announced = (name: string, announcement: Announcement): void => {
    const { kind, stalledMs } = announcement
    const role = peers.get(name)?.beat.role ?? ''
    const facts = { service: name, role, stalledMs }
    if (kind === 'stalled') {
      meters.count('stalls', {})
      const seconds = Math.round(stalledMs / 1_000)
      log.error('service.silent', `${name} (${role}) has said nothing for ${seconds} s.`, facts)
    } else if (kind === 'recovered') log.warn('service.heard', `${name} is back.`, facts)
    // Nothing is started anew here, so there is no word about that.
    if (kind === 'givenUp') return
    const symptom = `the service (${role}) has said nothing`
    for (const stalled of listeners) stalled({ actor: name, symptom, announcement })
  }
  const met = (beat: ServiceBeat): Peer => {
    const name = beat.service
    const announce = (_: unknown, announcement: Announcement): void => announced(name, announcement)
    const input = { subject: name, remedy: 'none' as const, stallAfterMs, startedAtMs: now() }
    const machine = sentinel.provide({ actions: { announce } })
    return { beat, count: 0, watch: createActor(machine, { input }).start() }
  }
  const heard = (beat: ServiceBeat): void => {
    if (beat.service === service) {
      // One that was long on its way says nothing of now.
      ownHeardMs = instant(Math.max(ownHeardMs, beat.atMs))
      return
    }
    // It has said that it stops.
    if (beat.everyMs === 0) return void peers.delete(beat.service)
    const peer = peers.get(beat.service) ?? (peers.size < peersMax ? met(beat) : undefined)
    if (peer === undefined) return
    peer.beat = beat
    peer.count += 1
    peers.set(beat.service, peer)
  }
  const { close } = await kafka.follow({
    topics: ['heartbeats'],
    from: 'latest',
    arrival: 'gathered',
    received: async (arrived) => {
      for (const it of arrived)
        if (it.topic !== 'records' && it.message.type === 'service.beat') heard(it.message)
    },
    failed,
  })
  const isSilent = ({ watch }: Peer): boolean =>
    !['watching', 'suspecting'].includes(watch.getSnapshot().value)
  return {
    look: (nowMs) => {
      for (const [name, peer] of peers) {
        if (nowMs - peer.beat.atMs > forgetMs) peers.delete(name)
        peer.watch.send({
          type: 'progress.seen',
          work: isDeaf(nowMs) && !isSilent(peer) ? 'none' : 'some',
          progress: peer.count,
          records: 0,
          nowMs,
        })
      }
    },
    hears: (roles) =>
      [...peers.values()].some((peer) => roles.includes(peer.beat.role) && !isSilent(peer)),
    each: (stalled) => {
      listeners.push(stalled)
    },
    beats: () => [...peers.values()].map(({ beat }) => beat),
    silent: () =>
      [...peers].flatMap(([name, peer]) =>
        isSilent(peer)
          ? [{ actor: name, reason: `the service (${peer.beat.role}) has fallen silent` }]
          : [],
      ),
    deaf: (nowMs) =>
      isDeaf(nowMs)
        ? [{ actor: 'kafka', reason: 'what this service says to Kafka does not come back' }]
        : [],
    close,
  }
}
