/** From where an outbox goes on, by what it has kept and what was claimed. */
import type { Head } from '../../infra/notices/book.ts'
import type { Claim } from './notice-claims.ts'

export type Plan = {
  /** Of `drops`: where to begin to read. */
  readonly from: number
  /** Below this, what it reads is its own: it was claimed in a former life, and perhaps not kept. */
  readonly ownTo: number
  /** Of what is its own, this is to be told. */
  readonly sinceMs: number
  /** From here on nobody has claimed anything. */
  readonly free: Claim
  /** What it has claimed itself; less than what is free where others have claimed what lies between. */
  readonly claimed: Claim
}

/** @param ends where the topics end: a claim beyond that is of topics which are no more. */
export const planOf = (
  { nonce, place, route }: Head,
  { found, ends }: { readonly found: ReadonlyMap<string, Claim>; readonly ends: Claim },
): Plan => {
  const valid = [...found].filter(([, { drops }]) => drops <= ends.drops)
  const own = valid.find(([outbox]) => outbox === nonce)?.[1].drops ?? 0
  const known = Math.max(0, ...valid.map(([, { drops }]) => drops))
  const told = route === null ? [] : [route.epoch + 1]
  const past = [...told, ...valid.map(([, { epochs }]) => epochs)]
  const epochs = Math.min(ends.epochs, past.length === 0 ? ends.epochs : Math.max(...past))
  if (!('offset' in place) || place.offset > ends.drops) {
    const sinceMs = 'sinceMs' in place ? place.sinceMs : 0
    const free = { drops: ends.drops, epochs }
    return { from: 0, ownTo: ends.drops, sinceMs, free, claimed: free }
  }
  const kept = place.offset
  const free = { drops: Math.max(kept, known), epochs }
  const claimed = { drops: known > Math.max(kept, own) ? own : free.drops, epochs }
  return { from: kept, ownTo: own, sinceMs: 0, free, claimed }
}
