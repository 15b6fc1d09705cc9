import type { Announcement } from '../../actors/sentinel/protocol.ts'
import { type Subject, subjectFacts } from './subjects.ts'

/** What was said of a stall, as it is shown. */
export type Stall = {
  readonly atMs: number
  readonly subject: Subject
  /** Who is blamed. */
  readonly actor: string
  readonly kind: Announcement['kind']
  readonly stalledMs: number
  /** Held at most all the while. */
  readonly records: number
  readonly symptom: string
  /** Why nothing is left to try; null but for `givenUp`. */
  readonly detail: string | null
}

export type StallHistory = {
  readonly note: (said: {
    readonly atMs: number
    readonly subject: Subject
    readonly announcement: Announcement
  }) => void
  /** Oldest first. */
  readonly list: () => readonly Stall[]
}

/** The log has all of them. */
const stallsMax = 200

export const openStallHistory = (): StallHistory => {
  const stalls: Stall[] = []
  return {
    note: ({ atMs, subject, announcement }) => {
      const { actor, symptom } = subjectFacts[subject]
      const { kind, stalledMs, records } = announcement
      const detail = announcement.kind === 'givenUp' ? announcement.detail : null
      stalls.push({ atMs, subject, actor, kind, stalledMs, records, symptom, detail })
      if (stalls.length > stallsMax) stalls.shift()
    },
    list: () => [...stalls],
  }
}
