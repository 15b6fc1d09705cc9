/** What endpoints answer to the attempts that are out. */
import type { Verdict } from '../../actors/delivery/protocol.ts'
import type { Move } from './move.ts'
import { type Attempt, type Left, type Outside, recordsOf, spent } from './outside.ts'
import type { Theatre, World } from './world.ts'

export const endpointMoves = (theatre: Theatre, world: World): readonly Move[] =>
  world.outside.attempts.flatMap((attempt) =>
    attempt.state === 'out'
      ? answers(theatre, world, attempt)
      : [answer(theatre, world, attempt, { kind: 'accepted' }, 'late')],
  )

const answers = (theatre: Theatre, world: World, attempt: Attempt): readonly Move[] => {
  const { scene } = theatre
  const { left } = world.outside
  const moves = [answer(theatre, world, attempt, { kind: 'accepted' }, null)]
  if (left.hangs !== 0) moves.push(hang(world, attempt))
  if (left.failures !== 0) {
    for (const kind of scene.failures)
      moves.push(answer(theatre, world, attempt, verdictOf(kind, attempt), 'failures'))
  }
  if (left.refusals !== 0) {
    for (const kind of scene.refusals)
      moves.push(answer(theatre, world, attempt, verdictOf(kind, attempt), 'refusals'))
  }
  if (left.redirects !== 0) {
    const journaled = world.outside.journal[attempt.epoch - 1]?.url
    for (const location of [theatre.inputs.manager.url, ...scene.urls, null]) {
      if (location === journaled) continue
      const verdict: Verdict = { kind: 'redirected', status: 307, location }
      moves.push(answer(theatre, world, attempt, verdict, 'redirects'))
    }
  }
  return moves
}

const answer = (
  theatre: Theatre,
  world: World,
  { sendId, attempt, piece }: Attempt,
  verdict: Verdict,
  cost: keyof Left | null,
): Move => ({
  kind: cost === null ? 'answer' : 'choice',
  from: 'endpoint',
  to: sendId,
  what: `${worded(verdict)}${cost === 'late' ? ', late,' : ''} to attempt ${attempt}`,
  next: () => {
    const { outside } = world
    const paid = cost === null ? outside : spent(outside, cost)
    const attempts = paid.attempts.filter((it) => it.sendId !== sendId || it.attempt !== attempt)
    const takes = verdict.kind === 'accepted' || verdict.kind === 'partial'
    const took = takes ? withTaken(theatre, paid, piece) : paid.took
    const message = { type: 'attempt.answered', attempt, verdict, jitter: 0.5 }
    return theatre.told({ ...world, outside: { ...paid, attempts, took } }, sendId, message)
  },
})

const hang = (world: World, { sendId, attempt }: Attempt): Move => ({
  kind: 'choice',
  from: 'endpoint',
  to: sendId,
  what: `no answer, ever, to attempt ${attempt}`,
  next: () => {
    const outside = spent(world.outside, 'hangs')
    const attempts = outside.attempts.filter((it) => it.sendId !== sendId || it.attempt !== attempt)
    return { ...world, outside: { ...outside, attempts } }
  },
})

const withTaken = (
  theatre: Theatre,
  { took }: Outside,
  piece: Attempt['piece'],
): readonly number[] =>
  [...new Set([...took, ...piece.held.map((held) => theatre.helds.idOf(held))])].sort(
    (a, b) => a - b,
  )

const verdictOf = (kind: Verdict['kind'], { piece }: Attempt): Verdict => {
  switch (kind) {
    case 'failed':
      return { kind, status: 500, detail: '' }
    case 'throttled':
      return { kind, status: 429, retryAfterMs: 100 }
    case 'unreachable':
      return { kind, detail: 'refused' }
    case 'rejected':
      return { kind, status: 400, message: '' }
    case 'partial': {
      const records = piece.held.reduce((sum, held) => sum + recordsOf(held), 0)
      return { kind, rejected: Math.min(1, records), message: '' }
    }
    case 'unreadable':
      return { kind, held: piece.held.slice(0, 1), detail: 'a wrong checksum' }
    case 'tooLarge':
    case 'accepted':
      return { kind }
    case 'redirected':
      return { kind, status: 307, location: null }
  }
}

const worded = (verdict: Verdict): string =>
  verdict.kind === 'redirected'
    ? `307 to ${verdict.location ?? 'nowhere'}`
    : 'status' in verdict
      ? `${verdict.status}`
      : verdict.kind
