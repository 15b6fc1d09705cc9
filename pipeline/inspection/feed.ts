/**
 * What inspectors are sent. The stage shows every event; what is kept of it is bounded for each tick, and
 * turned into text once in a tick for all inspectors together, so that looking on costs the same however
 * much goes on. What must not be missed is the last: a state that an actor is left in is always sent.
 */
import type { Observed } from '../observed.ts'
import type { StageEvent } from '../stage-watch.ts'
import { openStatelyWriter, type StatelyMessage } from './stately-messages.ts'

export type Feed = {
  /** Shows the sink who is there, and what happens from now on; the answer ends that. */
  readonly attach: (sink: Sink) => () => void
}
/** Takes messages at once or lets them go; it must not wait. */
export type Sink = (messages: readonly string[]) => 'taken' | 'skipped'

const tickMs = 100
/** Of each tick: messages with what came of them, changes of state beyond these, and new deliveries. */
const budgetMax = { messages: 40, changes: 30, fleeting: 4 }
/** Deliveries that inspectors are shown at a time; there may be a thousand. */
const fleetingMax = 32
/** Ticks between two words on how much was left out. */
const ticksPerWord = 10

type Pipeline = Pick<Observed, 'producer' | 'follow' | 'actors' | 'noteUnshown'>

export const openFeed = (observed: Pipeline): Feed => {
  const writer = openStatelyWriter(observed.producer)
  const sinks = new Set<Sink>()
  let following: Following | null = null

  const send = (messages: readonly StatelyMessage[]): void => {
    if (messages.length === 0) return
    const texts = messages.map((message) => JSON.stringify(message))
    for (const sink of sinks) if (sink(texts) === 'skipped') following?.skip(texts.length)
  }
  const root = (skipped: number) => ({ atMs: Date.now(), skipped })

  const follow = (): Following => {
    const sampler = openSampler()
    const unfollow = observed.follow(sampler.note)
    let told = 0
    let ticks = 0
    let sentinel = ''
    const timer = setInterval(() => {
      ticks += 1
      send(sampler.taken().map(writer.message))
      if (ticks % ticksPerWord !== 0) return
      const found = observed.actors().find(({ id }) => id === 'sentinel')
      if (found !== undefined && found.value !== sentinel) {
        sentinel = found.value
        send([writer.plain({ ...found, atMs: found.sinceMs }).snapshot])
      }
      const skipped = sampler.skipped()
      if (skipped === told) return
      observed.noteUnshown(skipped - told)
      told = skipped
      send([writer.rootChanged(root(skipped))])
    }, tickMs).unref()
    return {
      knows: sampler.knows,
      skip: sampler.skip,
      skipped: sampler.skipped,
      end: () => {
        clearInterval(timer)
        unfollow()
      },
    }
  }

  /** Who is there now, of those that the others are shown. */
  const present = ({ knows, skipped }: Following): readonly StatelyMessage[] => {
    const found: StatelyMessage[] = [writer.root(root(skipped()))]
    const unfollow = observed.follow((event) => {
      if (event.type === 'actor.present' && knows(event.actor)) found.push(writer.message(event))
    })
    unfollow()
    const sentinel = observed.actors().find(({ id }) => id === 'sentinel')
    return sentinel === undefined
      ? found
      : [...found, writer.plain({ ...sentinel, atMs: sentinel.sinceMs }).actor]
  }

  return {
    attach: (sink) => {
      following ??= follow()
      sink(present(following).map((message) => JSON.stringify(message)))
      sinks.add(sink)
      return () => {
        sinks.delete(sink)
        if (sinks.size > 0) return
        following?.end()
        following = null
      }
    },
  }
}

type Following = Pick<Sampler, 'knows' | 'skip' | 'skipped'> & { readonly end: () => void }

export type Sampler = {
  readonly note: (event: StageEvent) => void
  /** What was kept since the last time, in its order. */
  readonly taken: () => readonly StageEvent[]
  /** Whether what this actor does is shown. */
  readonly knows: (actor: string) => boolean
  readonly skip: (events: number) => void
  /** Events so far that were not shown. */
  readonly skipped: () => number
}

/** Keeps a part of the events, of which each by itself makes sense: it takes no time and no text. */
export const openSampler = (): Sampler => {
  const known = new Set<string>()
  const fleeting = new Set<string>()
  /** Of actors that were not shown in the state that they are in now: how they came to it. */
  const behind = new Map<string, StageEvent>()
  let kept: StageEvent[] = []
  let budget = { ...budgetMax }
  let skipped = 0
  let shownId: string | null = null

  const keep = (event: StageEvent): void => void kept.push(event)
  const welcome = (event: StageEvent): void => {
    if (event.machine === 'delivery') {
      const isNew = event.type === 'actor.started'
      if (fleeting.size >= fleetingMax || (isNew && budget.fleeting <= 0)) {
        skipped += 1
        return
      }
      if (isNew) budget.fleeting -= 1
      fleeting.add(event.actor)
    }
    known.add(event.actor)
    if (event.type === 'actor.started') keep(event)
  }
  const step = (event: StageEvent & { readonly type: 'actor.stepped' }): void => {
    const isChange = event.from !== event.to
    if (shownId === event.messageId || (isChange && budget.changes > 0)) {
      if (shownId !== event.messageId) budget.changes -= 1
      behind.delete(event.actor)
      keep(event)
      return
    }
    skipped += 1
    behind.set(event.actor, event)
  }
  return {
    note: (event) => {
      if (event.type === 'actor.present' || event.type === 'actor.started') return welcome(event)
      if (!known.has(event.actor)) {
        skipped += 1
        return
      }
      switch (event.type) {
        case 'message.taken':
          shownId = budget.messages > 0 ? event.messageId : null
          budget.messages -= 1
          if (shownId === null) skipped += 1
          else keep(event)
          return
        case 'actor.stepped':
          return step(event)
        case 'actor.ended':
          known.delete(event.actor)
          fleeting.delete(event.actor)
          behind.delete(event.actor)
          keep(event)
      }
    },
    taken: () => {
      const events = [...kept, ...behind.values()]
      kept = []
      behind.clear()
      budget = { ...budgetMax }
      return events
    },
    knows: (actor) => known.has(actor),
    skip: (events) => {
      skipped += events
    },
    skipped: () => skipped,
  }
}
