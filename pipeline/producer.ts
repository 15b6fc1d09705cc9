import type { Clock } from '../infra/clock/clock.ts'

/**
 * The id of a producer: a name, and an incarnation that no other life of it has had. It is made of
 * time and chance and not counted, since a counter starts again with an emptied data directory, and
 * a receiver would then take new batches for old ones.
 */
export const producerId = (name: string, clock: Pick<Clock, 'now' | 'chance'>): string => {
  const chance = Math.floor(clock.chance() * 36 ** 5)
  return `${name}-${clock.now().toString(36)}${chance.toString(36).padStart(5, '0')}`
}

/** When the producer of an id was started; undefined for an id that says nothing about it. */
export const producerStartedAtMs = (producer: string): number | undefined => {
  const [, digits = ''] = /-([0-9a-z]{7,9})[0-9a-z]{5}$/.exec(producer) ?? []
  return digits === '' ? undefined : Number.parseInt(digits, 36)
}
