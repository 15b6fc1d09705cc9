/** Which lines of the log must not be, and which may be while the disk does not answer. */
import type { Line } from './story.ts'
import { second, type Timeline } from './timeline.ts'

export type Judge = {
  readonly line: (line: Line) => string | undefined
  readonly stalled: (forUs: number, stall: (forUs: number) => void) => void
}

/** After a stall, words about it may come for so long: the longest wait, a lease, is longer than others. */
const aftermathUs = 180 * second
/**
 * Not `ring.damaged`: of an append that a power cut has interrupted the disk may keep the end and not
 * the beginning, which nothing tells from damage. Had anything been promised there, the audit tells.
 */
const wrongEvents: ReadonlySet<string> = new Set([
  'message.undelivered',
  'ledger.reported',
  'drops.missing',
  'segment.lost',
  'journal.missing',
  'journal.outdated',
])
const slowWords = /takes long|leaves an append unanswered|said nothing until after its lease/
const diskWords = /journal|EIO|ENOSPC/

export const openJudge = (timeline: Timeline): Judge => {
  let stalledUntilUs = Number.NEGATIVE_INFINITY
  return {
    stalled: (forUs, stall) => {
      stalledUntilUs = Math.max(stalledUntilUs, timeline.nowUs() + forUs)
      stall(forUs)
    },
    line: ({ level, event, message }) => {
      if (level !== 'debug' && wrongEvents.has(event)) return `${event}: ${message}`
      if (event !== 'actor.faulted') return undefined
      const isSlow = timeline.nowUs() < stalledUntilUs + aftermathUs && slowWords.test(message)
      return isSlow || diskWords.test(message) ? undefined : `${event}: ${message}`
    },
  }
}
