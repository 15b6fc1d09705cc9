import type { Unshown } from './unshown-drops.ts'

/** What was found when the ledger was opened, and of which a person has to know: something is gone. */
export type Alarm =
  | {
      readonly kind: 'drops.missing'
      readonly detail: string
      readonly unshown: readonly Unshown[]
    }
  | { readonly kind: 'journal.outdated'; readonly detail: string }
  /** `records` of it had not ended, and are in drop events. */
  | {
      readonly kind: 'segment.lost'
      readonly detail: string
      readonly segment: number
      readonly records: number
    }
