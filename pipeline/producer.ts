import { randomBytes } from 'node:crypto'

/**
 * The id of a producer: a name, and an incarnation that no other life of it has had. It is made of
 * time and chance and not counted, since a counter starts again with an emptied data directory, and
 * a receiver would then take new batches for old ones.
 */
export const producerId = (name: string, nowMs: number): string =>
  `${name}-${nowMs.toString(36)}${randomBytes(3).toString('hex')}`
