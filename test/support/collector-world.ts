/**
 * A collector among sources and a cache that come at it in any order. The cache's word may be late,
 * come twice, or before another; an append is decided once, whoever hears of it.
 */
import assert from 'node:assert/strict'
import { collector } from '../../actors/collector/machine.ts'
import type { CollectorInbox, Part } from '../../actors/collector/protocol.ts'
import { instant } from '../../schemas/brand.ts'
import type { AppendRequested, Batch } from '../../schemas/messages.ts'
import { drive, type Effect, type Unstamped } from './drive.ts'

export const collectorInput = {
  producer: 'edge-1',
  appendTimeoutMs: 10_000,
  retryAfterMs: 500,
  startedAtMs: instant(0),
}

export const part = (service: string, records: number): Part => ({
  tenant: 'acme',
  service,
  records,
  bytes: 100 * records,
  priority: 'normal',
  fromMs: instant(0),
  toMs: instant(0),
  acceptedAtMs: instant(0),
})

type Message = Unstamped<CollectorInbox>

export const collectorWorld = () => {
  const it = drive(collector, collectorInput, { check: () => undefined })
  /** What the cache has been asked and has not decided. */
  let asked: AppendRequested | null = null
  const kept: Batch[] = []
  const keptIds = new Set<number>()
  /** On their way to the collector: groups in their order, the cache's words in any. */
  const groups: Message[] = []
  const words: Message[] = []
  const answers = new Map<number, 'acknowledged' | 'refused'>()
  let offeredCount = 0
  let takes: 'none' | 'one' = 'none'
  let intake: 'open' | 'closed' = 'open'

  const answer = (appendId: number, how: 'acknowledged' | 'refused'): void => {
    assert.ok(!answers.has(appendId), `C3: group ${appendId} is answered twice`)
    answers.set(appendId, how)
  }
  const perform = ({ type, params }: Effect): void => {
    const { appendId } = (params ?? {}) as { appendId: number }
    switch (type) {
      case 'tell':
        assert.equal(asked, null, 'C2: an append is asked for while another is undecided')
        asked = (params as { message: AppendRequested }).message
        return
      case 'takeGroup':
        takes = 'one'
        return
      case 'acknowledge':
        assert.ok(keptIds.has(appendId), `C4: group ${appendId} is acknowledged and not kept`)
        answer(appendId, 'acknowledged')
        return
      case 'refuse':
        answer(appendId, 'refused')
        return
      case 'closeIntake':
        intake = 'closed'
        return
      case 'openIntake':
        intake = 'open'
        return
    }
  }
  const tell = (message: Message): void => {
    it.tell(message)
    for (const effect of it.effects()) perform(effect)
    check()
  }
  const check = (): void => {
    const state = it.state()
    if (state === 'accepting') {
      assert.ok(takes === 'one' || groups.length > 0, 'C5: no group is asked for, none is coming')
    } else if (!it.isDone()) {
      assert.notEqual(it.armedMs(), null, `C5: no deadline is armed while ${state}`)
      assert.equal(it.armedMs(), it.context().dueMs, `C5: another deadline is armed while ${state}`)
    }
    const open = state === 'accepting' || state === 'appending' || state === 'starting'
    assert.equal(intake, open ? 'open' : 'closed', `C6: the intake is ${intake} while ${state}`)
    assertNumbered(kept)
  }

  return {
    drive: it,
    kept,
    answers,
    offeredCount: () => offeredCount,
    isUndecided: () => asked !== null,
    underway: () => groups.length + words.length,
    tell,
    /** Clients send something: the intake offers it, if a group was asked for. */
    request: (parts: readonly Part[]): void => {
      if (intake === 'closed' || takes === 'none' || it.isDone()) return
      takes = 'none'
      offeredCount += 1
      groups.push({ type: 'group.offered', appendId: offeredCount, parts })
    },
    /** The cache decides the append that it has, and says so. */
    decide: (how: 'keep' | 'refuse'): void => {
      if (asked === null) return
      const { appendId, batches } = asked
      asked = null
      if (how === 'keep') {
        keptIds.add(appendId)
        kept.push(...batches)
        words.push({ type: 'append.done', appendId })
        return
      }
      const refusal = { reason: 'cache_full', retryAfterMs: 500 } as const
      words.push({ type: 'append.refused', appendId, ...refusal })
      words.push({ type: 'cache.filled', ...refusal })
    },
    say: (word: Message): void => {
      words.push(word)
    },
    hearGroup: (): void => {
      const group = groups.shift()
      if (group === undefined) return
      // What a stopped collector is offered, the runtime refuses in its place.
      if (it.isDone()) answers.set((group as { appendId: number }).appendId, 'refused')
      else tell(group)
    },
    /** One of the cache's words arrives; it may arrive once more later. */
    hearWord: (index: number, again: 'once' | 'twice'): void => {
      const at = words.length === 0 ? 0 : index % words.length
      const word = again === 'once' ? words.splice(at, 1)[0] : words[at]
      if (word !== undefined) tell(word)
    },
    fire: (): void => {
      if (it.armedMs() === null) return
      it.fire()
      for (const effect of it.effects()) perform(effect)
      check()
    },
  }
}

/** C1: of each stream, what was kept is numbered from 0, without a gap, and no number is used twice. */
const assertNumbered = (kept: readonly Batch[]): void => {
  const next = new Map<string, number>()
  for (const { service, firstSeq, lastSeq } of kept) {
    assert.equal(firstSeq, next.get(service) ?? 0, `C1: ${service} goes on at ${firstSeq}`)
    next.set(service, lastSeq + 1)
  }
}
