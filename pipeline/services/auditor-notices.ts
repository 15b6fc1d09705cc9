/**
 * The outbox of the distributed body: the auditor keeps it. Drop events and assignments are read from
 * their topics; of several auditors one takes them in, and says so there before it tells of them. Kafka is
 * never waited for by what is sent: while it is away, what was taken in before is told all the same.
 */
import { join } from 'node:path'
import type { Arrived, Following, Kafka } from '../../infra/kafka/kafka.ts'
import { KafkaError } from '../../infra/kafka/kafka-error.ts'
import type { Ledger } from '../../infra/ledger/ledger.ts'
import type { Book } from '../../infra/notices/book.ts'
import { epoch } from '../../schemas/brand.ts'
import type { Assignment, Drop } from '../../schemas/messages.ts'
import { pendingIn, type Stall, tellAssignment, tellStall } from '../notices/happenings.ts'
import { type Notices, noNotices } from '../notices/notices.ts'
import { openOutbox } from '../notices/outbox.ts'
import { type Claim, type Claims, takeOverClaims } from './notice-claims.ts'
import { type Plan, planOf } from './notice-plan.ts'
import type { ServiceNeeds } from './service.ts'

export type AuditorNotices = Pick<Notices, 'list' | 'resend' | 'stalled' | 'close'>

/** Read, and not claimed yet. More are not read meanwhile. */
const wordsMax = 10_000
/** Stalls that wait for Kafka; further ones are in the log alone. */
const stallsMax = 100
/** Before it is tried again to be the one who tells. */
const againMs = 5_000

type Needs = ServiceNeeds & {
  readonly ledger: Pick<Ledger, 'streams'>
  /** Whether no other auditor is heard. */
  readonly isAlone: () => boolean
}

/** @throws {LockError} when another process keeps an outbox in the same directory; {KafkaError}. */
export const openAuditorNotices = async (needs: Needs): Promise<AuditorNotices> => {
  const { config, kafka, world } = needs
  if (config.notices.webhooks.length === 0) return noNotices
  const lock = await world.lock(join(config.dataDirectory, 'notices'))
  try {
    const claims = await takeOverClaims(needs)
    const ends = await endsOf(kafka)
    const valid = [...claims.found.values()].filter(({ drops }) => drops <= ends.drops)
    const offset = valid.length === 0 ? ends.drops : Math.max(...valid.map(({ drops }) => drops))
    const telling = openTelling(needs, claims)
    const outbox = await openOutbox({
      ...needs,
      takeIn: telling.takeIn,
      assignments: [],
      begin: { offset },
      startedAtMs: world.clock.now(),
    })
    return {
      list: outbox.list,
      resend: outbox.resend,
      stalled: telling.stalled,
      close: async () => {
        await telling.close()
        await outbox.close()
        await lock.release()
      },
    }
  } catch (cause) {
    await lock.release()
    throw cause
  }
}

/** What is to be told, and whether it has to be claimed first. */
type Word = { readonly claim: 'had' | 'needed' } & (
  | { readonly kind: 'drop'; readonly drop: Drop; readonly offset: number }
  | { readonly kind: 'assignment'; readonly assignment: Assignment }
  | { readonly kind: 'stall'; readonly stall: Stall }
  | { readonly kind: 'passed'; readonly offset: number }
)

type Reign = {
  readonly claims: Claims
  readonly plan: Plan
  readonly following: Following
  claimed: Claim
}

const openTelling = (needs: Needs, first: Claims) => {
  const { kafka, world, ledger, log } = needs
  const { clock } = world
  const waiting: Word[] = []
  const claimed: Word[] = []
  let taken: Claims | undefined = first
  let reign: Reign | undefined
  let state: 'telling' | 'interrupted' | 'elsewhere' | 'closed' = 'telling'
  let nextMs = 0
  let work: Promise<void> | undefined
  let room = Promise.withResolvers<void>()

  const take = (): readonly Word[] => {
    room.resolve()
    room = Promise.withResolvers<void>()
    return waiting.splice(0)
  }
  const begin = async (book: Pick<Book, 'head'>): Promise<Reign | undefined> => {
    if (taken === undefined) {
      if (clock.now() < nextMs || (state === 'elsewhere' && !needs.isAlone())) return undefined
      nextMs = clock.now() + againMs
      taken = await takeOverClaims(needs)
    }
    const claims = taken
    const plan = planOf(book.head(), { found: claims.found, ends: await endsOf(kafka) })
    const following = await kafka.follow({
      topics: ['drops', 'endpoint-assignments'],
      from: [{ topic: 'drops', partition: 0, offset: plan.from }],
      received: async (arrived) => {
        for (const it of arrived) waiting.push(...wordsIn(it, plan))
        while (waiting.length > wordsMax && state !== 'closed') await room.promise
      },
      failed: needs.failed,
    })
    taken = undefined
    if (state !== 'telling') log.info('notices.resumed', 'This auditor tells webhooks from now on.')
    state = 'telling'
    return { claims, plan, following, claimed: plan.claimed }
  }
  const end = async (cause: KafkaError): Promise<void> => {
    const stalls = take().filter(({ kind }) => kind === 'stall')
    state = cause.code === 'fenced' ? 'elsewhere' : 'interrupted'
    nextMs = clock.now() + againMs
    if (state === 'interrupted') waiting.push(...stalls)
    const next =
      state === 'elsewhere' ? 'another auditor tells of them' : 'they wait until it is there again'
    log.warn('notices.interrupted', `New losses could not be claimed: ${next}.`, { cause })
    const ended = reign
    reign = undefined
    await (taken ?? ended?.claims)?.close()
    taken = undefined
    await ended?.following.close()
  }
  const workOn = async (book: Pick<Book, 'head'>): Promise<void> => {
    try {
      const isNew = reign === undefined
      reign ??= await begin(book)
      if (reign === undefined) return
      const words = take()
      const own = words.filter(({ claim }) => claim === 'had')
      const fresh = words.filter(({ claim }) => claim === 'needed')
      waiting.unshift(...fresh)
      if (own.length > 0) return void claimed.push(...own)
      // Others have claimed what lies before: that has to be kept before anything behind it is claimed.
      const { drops } = reign.plan.free
      if (reign.claimed.drops < drops && fresh.some(({ kind }) => kind === 'drop')) {
        reign.claimed = { ...reign.claimed, drops }
        claimed.push({ kind: 'passed', claim: 'had', offset: drops })
        return
      }
      if (fresh.length === 0 && !isNew) return
      const claim = fresh.reduce(further, reign.claimed)
      await reign.claims.claim(book.head().nonce, claim)
      reign.claimed = claim
      claimed.push(...waiting.splice(0, fresh.length))
    } catch (cause) {
      if (!(cause instanceof KafkaError)) throw cause
      await end(cause)
    }
  }
  return {
    takeIn: async (book: Book): Promise<'seen' | 'told'> => {
      const words = claimed.splice(0)
      if (words.length > 0) return tell(book, words, { nowMs: clock.now(), ledger })
      if (state !== 'closed')
        work ??= workOn(book)
          .catch(needs.failed)
          .finally(() => {
            work = undefined
          })
      return 'seen'
    },
    stalled: (stall: Stall): void => {
      const stalls = waiting.filter(({ kind }) => kind === 'stall').length
      if (state === 'elsewhere' || state === 'closed' || stalls >= stallsMax) return
      waiting.push({ kind: 'stall', claim: 'needed', stall })
    },
    close: async (): Promise<void> => {
      state = 'closed'
      room.resolve()
      await work
      await (taken ?? reign?.claims)?.close()
      await reign?.following.close()
    },
  }
}

const endsOf = async (kafka: Pick<Kafka, 'ends'>): Promise<Claim> => {
  const [drops] = await kafka.ends('drops')
  const [assignments] = await kafka.ends('endpoint-assignments')
  return { drops: drops?.next ?? 0, epochs: assignments?.next ?? 0 }
}

const wordsIn = (it: Arrived, { ownTo, sinceMs, free }: Plan): readonly Word[] => {
  if (it.topic === 'records') return []
  const { offset, message } = it
  if (message.type === 'assignment.recorded') {
    const assignment = { ...message.assignment, epoch: epoch(offset) }
    const claim = offset < free.epochs ? 'had' : 'needed'
    return [{ kind: 'assignment', claim, assignment }]
  }
  if (message.type !== 'drop.recorded') return []
  const { drop } = message
  if (offset >= free.drops) return [{ kind: 'drop', claim: 'needed', drop, offset }]
  if (offset >= ownTo || drop.atMs < sinceMs) return []
  return [{ kind: 'drop', claim: 'had', drop, offset }]
}

const further = (claim: Claim, word: Word): Claim => {
  if (word.kind === 'drop') return { ...claim, drops: word.offset + 1 }
  if (word.kind === 'assignment') return { ...claim, epochs: word.assignment.epoch + 1 }
  return claim
}

/** `told`: what no topic tells again has to be kept. */
const tell = (
  book: Book,
  words: readonly Word[],
  { nowMs, ledger }: { readonly nowMs: number; readonly ledger: Needs['ledger'] },
): 'seen' | 'told' => {
  for (const word of words) {
    switch (word.kind) {
      case 'drop':
        book.lose(word.drop, nowMs)
        book.looked({ offset: word.offset + 1 })
        break
      case 'assignment':
        if (word.claim === 'needed') tellAssignment({ book, nowMs }, word.assignment)
        else book.routed({ epoch: word.assignment.epoch, url: word.assignment.url })
        break
      case 'stall':
        tellStall({ book, nowMs }, word.stall, pendingIn(ledger))
        break
      case 'passed':
        book.looked({ offset: word.offset })
    }
  }
  return words.some(({ kind }) => kind !== 'drop') ? 'told' : 'seen'
}
