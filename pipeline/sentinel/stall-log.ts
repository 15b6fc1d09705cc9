import type { Announcement } from '../../actors/sentinel/protocol.ts'
import type { Log } from '../../infra/telemetry/log.ts'
import { type Subject, subjectFacts } from './subjects.ts'

/** Says aloud what a statechart of the sentinel announces. */
export const logStall = (log: Log, subject: Subject, announcement: Announcement): void => {
  const { stalledMs, records } = announcement
  const { actor, symptom, remedy } = subjectFacts[subject]
  const fields = { actor, subject, stalledMs, records }
  const forSeconds = `${(stalledMs / 1_000).toFixed(1)} s`
  const held = `${records} records are held`
  switch (announcement.kind) {
    case 'stalled': {
      const next = remedy === 'restart' ? `; the ${actor} is started anew` : ''
      const message = `A stall of the ${actor}: for ${forSeconds} ${symptom}. ${held}${next}.`
      log.error('actor.stalled', message, fields)
      break
    }
    case 'givenUp': {
      const { detail } = announcement
      const message = `The ${actor} is stalled for good, after ${forSeconds}: ${detail}. ${held}. Liveness fails, so that whoever started the process starts it again.`
      log.error('stall.unresolved', message, { ...fields, detail })
      break
    }
    case 'recovered': {
      const message = `The ${actor} gets on again: it was held up for ${forSeconds}, with up to ${records} records. What was given up meanwhile, if anything, has its drop events.`
      log.warn('stall.ended', message, fields)
    }
  }
}
