/**
 * A cache between a collector, a record log and a dispatcher that answer late, twice, badly, or out of
 * order. After every step, what the cache promises is looked at by number.
 */
import assert from 'node:assert/strict'
import { type CacheContext, priorities } from '../../actors/cache/context.ts'
import { cache } from '../../actors/cache/machine.ts'
import type { CacheEffects, CacheInbox, CacheInput } from '../../actors/cache/protocol.ts'
import type { Tell } from '../../actors/kit/tell.ts'
import { instant } from '../../schemas/brand.ts'
import type {
  AppendDone,
  AppendRefused,
  Batch,
  BatchesLeased,
  CacheFilled,
  CacheOpened,
  Held,
  Position,
} from '../../schemas/messages.ts'
import { drive, type Effect, type Unstamped } from './drive.ts'
import { type LogModel, logModel } from './log-model.ts'
import { batch } from './specimen.ts'

export const cacheInput: CacheInput = {
  capacityBytes: 12_000,
  whenFull: 'overwrite_oldest',
  leaseMs: 60_000,
  retryAfterMs: 500,
  readyMax: 4,
  ordering: 'none',
  diskTimeoutMs: 10_000,
  startedAtMs: instant(0),
}
type Message = Unstamped<CacheInbox>
type Told = AppendDone | AppendRefused | CacheFilled | CacheOpened | BatchesLeased

export const cacheWorld = (given: Partial<CacheInput> = {}) => {
  const input = { ...cacheInput, ...given }
  const log = logModel(input)
  const it = drive(cache, input)
  /** Words to the cache on their way; they may arrive in any order, and twice. */
  const words: Message[] = []
  /** Batches that a dispatcher was handed, and may settle or return at any time. */
  const inHand: Held[] = []
  const answered = new Map<number, 'done' | 'refused'>()
  let appendsAsked = 0
  let told: 'filled' | 'opened' = 'opened'
  let round = 0
  let before: CacheContext = it.context()
  const nextSeq = new Map<string, number>()

  const answer = (appendId: number, how: 'done' | 'refused'): void => {
    assert.ok(!answered.has(appendId), `K3: append ${appendId} is answered twice`)
    answered.set(appendId, how)
  }
  const hear = (message: Told): void => {
    switch (message.type) {
      case 'append.done':
        answer(message.appendId, 'done')
        return
      case 'append.refused':
        answer(message.appendId, 'refused')
        return
      case 'cache.filled':
        told = 'filled'
        return
      case 'cache.opened':
        told = 'opened'
        return
      case 'batches.leased':
        assertCredit(it.context())
        inHand.push(...message.held)
    }
  }
  const perform = ({ type, params }: Effect): void => {
    if (type === 'tell') hear((params as Tell<'collector' | 'dispatcher'>).message as Told)
    if (type === 'recover') log.recover()
    if (type === 'appendToLog') log.appendToLog(params as CacheEffects['appendToLog'])
    if (type === 'load') log.load(params as CacheEffects['load'])
    if (type === 'recordEviction') {
      const { segment } = params as CacheEffects['recordEviction']
      if (!before.leaving.some((leaving) => leaving.segment === segment))
        assertVictim(it.context(), log, segment)
      log.recordEviction(params as CacheEffects['recordEviction'])
    }
    if (type === 'removeEvicted') log.removeEvicted(params as CacheEffects['removeEvicted'])
    if (type === 'retire') log.retire(params as CacheEffects['retire'])
  }
  const afterStep = (): void => {
    for (const effect of it.effects()) perform(effect)
    assertBooks(it.context(), it.state(), it.armedMs())
    if (!it.isDone() && it.state() !== 'recovering')
      assert.equal(told, it.state() === 'full' ? 'filled' : 'opened', `K9: ${it.state()}, ${told}`)
    assertPlaces(it.context(), log)
  }
  const tell = (message: Message): void => {
    before = it.context()
    it.tell(message)
    afterStep()
  }
  for (const effect of it.effects()) perform(effect)

  return {
    drive: it,
    log,
    words,
    inHand,
    answered,
    tell,
    appendsAsked: () => appendsAsked,
    /** The collector has one append with the cache at a time. */
    append: (parts: readonly Pick<Batch, 'service' | 'priority' | 'bytes'>[]): void => {
      if (answered.size < appendsAsked) return
      appendsAsked += 1
      const batches = parts.map((part) => {
        const firstSeq = nextSeq.get(part.service) ?? 0
        nextSeq.set(part.service, firstSeq + 1)
        return oneRecord({ ...part, firstSeq, acceptedAtMs: it.nowMs() })
      })
      tell({ type: 'append.requested', appendId: appendsAsked, batches })
    },
    demand: (window: { readonly batchesMax: number; readonly bytesMax: number }): void => {
      round += 1
      words.push({ type: 'demand.raised', dispatcher: 'd', round, ...window })
    },
    /** Something in hand is settled or returned, and perhaps said so of twice. */
    end: (index: number, how: 'settle' | 'return'): void => {
      const held = inHand[inHand.length === 0 ? 0 : index % inHand.length]
      if (held === undefined) return
      inHand.splice(inHand.indexOf(held), 1)
      words.push(
        how === 'settle'
          ? { type: 'batches.settled', settlements: [log.settle(held)] }
          : { type: 'batches.returned', held: [held], reason: 'throttled' },
      )
    },
    hearWord: (index: number, again: 'once' | 'twice'): void => {
      const at = words.length === 0 ? 0 : index % words.length
      const word = again === 'once' ? words.splice(at, 1)[0] : words[at]
      if (word !== undefined) tell(word)
    },
    hearAnswer: (index: number): void => {
      const at = log.answers.length === 0 ? 0 : index % log.answers.length
      const [message] = log.answers.splice(at, 1)
      if (message === undefined) return
      log.heard(message)
      tell(message)
    },
    fire: (): void => {
      if (it.armedMs() === null) return
      before = it.context()
      it.fire()
      afterStep()
    },
  }
}
export type CacheWorld = ReturnType<typeof cacheWorld>

const oneRecord = (
  given: Pick<Batch, 'service' | 'priority' | 'bytes'> & {
    readonly firstSeq: number
    readonly acceptedAtMs: number
  },
): Batch => batch({ ...given, records: 1 })

/** K5: never more than the window, but for a batch that is larger than all of it, alone. */
const assertCredit = ({ leases, windows }: CacheContext): void => {
  const bytes = leases.reduce((sum, { held }) => sum + held.batch.bytes, 0)
  for (const { batchesMax, bytesMax } of windows) {
    assert.ok(leases.length <= batchesMax, `K5: ${leases.length} of ${batchesMax} batches`)
    assert.ok(leases.length === 1 || bytes <= bytesMax, `K5: ${bytes} of ${bytesMax} bytes`)
  }
}

/** K7, K8: what is given up is what may be, and only when nothing else can make room. */
const assertVictim = (
  { lanes, leases, leaving, append, whenFull }: CacheContext,
  log: LogModel,
  segment: number,
): void => {
  assert.equal(whenFull, 'overwrite_oldest', 'K8: a cache that refuses evicts nothing')
  assert.equal(leaving.length, 1, 'K8: it is given up while something is on its way out')
  const busy = new Set(leases.map(({ held }) => held.at.segment))
  assert.ok(!busy.has(segment), 'K7: a batch of it is in flight')
  const rank = log.files().find(({ id }) => id === segment)?.priority ?? 'high'
  const own = priorities.indexOf(rank)
  const highest = Math.max(...(append?.batches ?? []).map((it) => priorities.indexOf(it.priority)))
  assert.ok(own <= highest, 'K7: it matters more than what it makes room for')
  for (const priority of priorities.slice(0, own + 1)) {
    for (const { id } of lanes[priority].segments) {
      const isLater = priority === rank && id > segment
      assert.ok(busy.has(id) || isLater, `K7: ${id} should go before ${segment}`)
    }
  }
}

/** K3, K10, K11: what is at hand fits the state, and a deadline is armed. */
const assertBooks = (context: CacheContext, state: string, armedMs: number | null): void => {
  const { append, victim, refusal, leaving, dueMs, sweepAtMs } = context
  const makesRoom = state === 'evicting' || state === 'removing'
  assert.equal(append !== null, makesRoom || state === 'appending', `K3: append while ${state}`)
  assert.equal(victim !== null, makesRoom, `K10: victim ${victim} while ${state}`)
  assert.equal(refusal !== null, state === 'full', `K9: refusal ${refusal} while ${state}`)
  const doomed = leaving.filter(({ because }) => because !== 'settled')
  assert.ok(doomed.length <= 1, `K8: ${doomed.length} segments are given up at a time`)
  const expected = state === 'stopped' ? null : state === 'open' ? sweepAtMs : dueMs
  assert.equal(armedMs, expected, `K11: the deadline of ${state}`)
}

/** K4: each batch that is not over is in one place: ready, leased, to be loaded, or on its way out. */
const assertPlaces = (context: CacheContext, log: LogModel): void => {
  const { lanes, leases, leaving } = context
  const out = new Set(leaving.map(({ segment }) => segment))
  const counts = new Map<string, number>()
  const count = ({ batch: { id } }: Held): unknown => counts.set(id, (counts.get(id) ?? 0) + 1)
  for (const { held } of leases) count(held)
  for (const priority of priorities) {
    const known = new Set(lanes[priority].segments.map(({ id }) => id))
    for (const held of lanes[priority].ready) {
      assert.ok(known.has(held.at.segment), `K4: ${held.batch.id} is of a segment that is gone`)
      count(held)
    }
  }
  for (const { priority, batches } of log.files()) {
    const { behind, loadedThrough } = lanes[priority]
    for (const { held, end, indexed } of batches) {
      const isBehind = behind !== 'none' && isAfter(held.at, loadedThrough)
      const places = (counts.get(held.batch.id) ?? 0) + (isBehind ? 1 : 0)
      if (out.has(held.at.segment)) assert.equal(counts.get(held.batch.id) ?? 0, 0, 'K4: doomed')
      else if (end === 'pending' && indexed === 'yes')
        assert.equal(places, 1, `K4: ${held.batch.id} is in ${places} places`)
      else assert.ok(places <= 1, `K4: ${held.batch.id} is in ${places} places`)
    }
  }
}

const isAfter = (at: Position, mark: Position | null): boolean =>
  mark === null ||
  at.segment > mark.segment ||
  (at.segment === mark.segment && at.offset > mark.offset)
