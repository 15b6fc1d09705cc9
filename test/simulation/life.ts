/** One life of the process: once it is over, nothing in the world reaches what was running in it. */

import type { Clock } from '../../infra/clock/clock.ts'
import type { Lock } from '../../infra/disk/lock.ts'
import { instant } from '../../schemas/brand.ts'
import type { Chance } from '../support/chance.ts'
import { millisecond, type Timeline } from './timeline.ts'

export type Life = {
  readonly number: number
  readonly isOver: () => boolean
  /** Calls back when it is over, however it came to its end. */
  readonly onEnd: (callback: () => void) => void
  readonly end: () => void
  /** The disk has failed it. */
  readonly harm: (atUs: number) => void
  /** When last. */
  readonly harmedAtUs: () => number
}

/** 2026-01-01, where all simulations begin. */
export const epochMs = 1_767_225_600_000

export const openLife = (number: number): Life => {
  const callbacks: (() => void)[] = []
  let state: 'running' | 'over' = 'running'
  let harmedAtUs = Number.NEGATIVE_INFINITY
  return {
    number,
    isOver: () => state === 'over',
    harm: (atUs) => {
      harmedAtUs = atUs
    },
    harmedAtUs: () => harmedAtUs,
    onEnd: (callback) => {
      callbacks.push(callback)
    },
    end: () => {
      if (state === 'over') return
      state = 'over'
      for (const callback of callbacks.splice(0)) callback()
    },
  }
}

export const nowMsOn = (timeline: Timeline): number =>
  epochMs + Math.floor(timeline.nowUs() / millisecond)

export const clockOf = (life: Life, timeline: Timeline, chance: Chance): Clock => ({
  now: () => instant(nowMsOn(timeline)),
  at: (atMs, callback) =>
    timeline.after((atMs - epochMs) * millisecond - timeline.nowUs(), () => {
      if (!life.isOver()) callback()
    }),
  chance: chance.next,
})

/** A directory has one owner; a process that is over owns nothing. */
export const lockOf = (life: Life, owners: Set<Life>) => async (): Promise<Lock> => {
  const owner = [...owners].find((it) => !it.isOver())
  if (owner !== undefined) throw new Error(`Life ${owner.number} still owns the data directory.`)
  owners.add(life)
  return {
    release: async () => {
      owners.delete(life)
    },
  }
}
