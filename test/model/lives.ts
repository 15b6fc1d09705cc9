/** Clients that send, a process that stops in order, and one that does not. */
import type { EndpointManagerContext } from '../../actors/endpoint-manager/context.ts'
import { epoch } from '../../schemas/brand.ts'
import type { Assignment } from '../../schemas/messages.ts'
import { done } from './disk.ts'
import type { Move } from './move.ts'
import { type Outside, spent } from './outside.ts'
import type { Message } from './player.ts'
import type { Theatre, World } from './world.ts'

export const lifeMoves = (theatre: Theatre, world: World): readonly Move[] => [
  ...clientMoves(theatre, world),
  ...drainMoves(theatre, world),
  ...crashMoves(theatre, world),
]

const clientMoves = (theatre: Theatre, world: World): readonly Move[] => {
  const { outside } = world
  const parts = theatre.scene.groups[outside.offered]
  const isAsked = outside.wants === 'a group' && outside.intake === 'open'
  if (parts === undefined || !isAsked || world.actors.collector < 0) return []
  const appendId = outside.offered + 1
  const message: Message & object = { type: 'group.offered', appendId, parts } as Message
  const unanswered = [...outside.unanswered, appendId]
  const change = { wants: 'none', offered: appendId, unanswered } as const
  const next = (): World => {
    const offered = { ...world, outside: { ...outside, ...change } }
    const isPrompt = theatre.scene.prompt.includes('intake>collector')
    if (isPrompt) return theatre.told(offered, 'collector', message)
    return theatre.sent(offered, 'intake>collector', message)
  }
  return [{ kind: 'choice', from: 'clients', to: 'collector', what: 'group.offered', next }]
}

/** The collector first, so that clients are answered; then what is out; then what holds it. */
const drainMoves = (theatre: Theatre, world: World): readonly Move[] => {
  const { outside, actors } = world
  const request = (to: 'collector' | 'dispatcher' | 'cache', kind: Move['kind']): Move => ({
    kind,
    from: 'operator',
    to,
    what: 'drain.requested',
    next: () => {
      const draining = { ...outside, draining: to }
      const paid = kind === 'choice' ? spent(draining, 'drains') : draining
      return theatre.told({ ...world, outside: paid }, to, {
        type: 'drain.requested',
        deadlineMs: 100,
      } as Message)
    },
  })
  switch (outside.draining) {
    case 'no':
      return outside.left.drains === 0 ? [] : [request('collector', 'choice')]
    case 'collector':
      return actors.collector < 0 ? [request('dispatcher', 'answer')] : []
    case 'dispatcher':
      return actors.dispatcher < 0 ? [request('cache', 'answer')] : []
    case 'cache':
      return []
  }
}

/** The process dies, and is started again. What it had asked of the disk was done, or was not. */
const crashMoves = (theatre: Theatre, world: World): readonly Move[] => {
  const { outside } = world
  if (outside.left.crashes === 0) return []
  const moves: Move[] = []
  const kept = outside.kept.length === 0 ? [null] : [...new Set(outside.kept)]
  for (const manager of kept) {
    for (const disk of ['nothing more', 'all'] as const) {
      const isIdle = outside.asked.length === 0 && outside.writes.length === 0
      if (disk === 'all' && isIdle) continue
      const what = `the process dies; ${disk} of what the disk was asked for is done`
      const next = (): World => {
        const left = disk === 'all' ? allDone(theatre, outside) : outside
        return begunAnew(theatre, spent(left, 'crashes'), manager)
      }
      moves.push({ kind: 'choice', from: 'kill -9', to: 'all', what, next })
    }
  }
  return moves
}

const allDone = (theatre: Theatre, outside: Outside): Outside => {
  const asked = outside.asked.map((id) => theatre.asked.at(id))
  const kept = asked.reduce((it, one) => done(theatre, it, one).outside, outside)
  const drafts = outside.writes.map(({ write: _, ...draft }) => draft)
  return { ...kept, journal: [...kept.journal, ...drafts] }
}

const begunAnew = (theatre: Theatre, outside: Outside, manager: number | null): World => {
  const players = theatre.players['endpoint-manager']
  const former =
    manager === null
      ? undefined
      : (players.at(manager).context as unknown as EndpointManagerContext)
  const input = theatre.inputs.manager
  const assignments = outside.journal.map(
    (it, index): Assignment => ({ ...it, epoch: epoch(index + 1) }),
  )
  const resumed = theatre.system.resumption(former, { input, assignments })
  const gone = new Set([...outside.evicted, ...outside.retired])
  const files = outside.files.flatMap((it) =>
    gone.has(it.id) ? [] : [{ ...it, sealed: 'yes' as const }],
  )
  const next: Outside = {
    ...outside,
    life: outside.life + 1,
    files,
    asked: [],
    writes: [],
    intake: 'open',
    wants: 'none',
    unanswered: [],
    attempts: [],
    open: [],
    draining: 'no',
  }
  const turn =
    resumed === undefined
      ? players.born(input)
      : players.resumed(resumed.value, resumed.context as unknown as object)
  return theatre.begun(next, turn)
}
