/** When records were lost: drop events by the time at which they were recorded. */
import { dropIdMs } from '../../infra/ledger/drop-id.ts'
import type { DropReason } from '../../schemas/messages.ts'
import type { Observed } from '../observed.ts'
import type { Cut } from './survey.ts'
import type { Window } from './window.ts'

export type DropTimeline = {
  readonly from: string
  readonly to: string
  readonly stepMs: number
  readonly events: number
  readonly records: number
  readonly bytes: number
  /** Oldest first, one each step; none is left out. */
  readonly buckets: readonly Bucket[]
  /** `cut`: there are more than one answer looks at, and the oldest are missing. */
  readonly looked: Cut
  /** All drop events since then are counted, and none before: `from` unless `looked` is `cut`. */
  readonly countedFrom: string
}
type Bucket = {
  readonly at: string
  readonly events: number
  readonly records: number
  readonly reasons: Readonly<Partial<Record<DropReason, number>>>
}

const pageDrops = 1_000
/** One answer looks at 100,000 drop events at most, the newest: who looks wants to know of these. */
const pagesMax = 100

export const dropTimeline = async (
  { ledger }: Pick<Observed, 'ledger'>,
  asked: Window & { readonly tenant?: string; readonly buckets: number },
): Promise<DropTimeline> => {
  const { fromMs, toMs } = asked
  const stepMs = Math.max(1, Math.ceil((toMs - fromMs) / asked.buckets))
  const steps = Array.from({ length: asked.buckets }, () => ({
    events: 0,
    records: 0,
    reasons: {} as Partial<Record<DropReason, number>>,
  }))
  const sums = { events: 0, records: 0, bytes: 0 }
  const scope = asked.tenant === undefined ? {} : { tenant: asked.tenant }
  const window = { sinceMs: fromMs, untilMs: toMs, order: 'newest', limit: pageDrops } as const
  let looked: Cut = 'cut'
  let cursor = ''
  for (let page = 0; page < pagesMax; page += 1) {
    const from = cursor === '' ? {} : { cursor }
    const found = await ledger.drops({ ...scope, ...window, ...from })
    for (const { atMs, records, bytes, reason } of found.drops) {
      const step = steps[Math.floor((atMs - fromMs) / stepMs)]
      if (step === undefined) continue
      step.events += 1
      step.records += records
      step.reasons[reason] = (step.reasons[reason] ?? 0) + records
      sums.events += 1
      sums.records += records
      sums.bytes += bytes
    }
    if (found.cursor === null) {
      looked = 'all'
      break
    }
    cursor = found.cursor
  }
  return {
    from: new Date(fromMs).toISOString(),
    to: new Date(toMs).toISOString(),
    stepMs,
    ...sums,
    buckets: steps.map((step, index) => ({
      at: new Date(fromMs + index * stepMs).toISOString(),
      ...step,
    })),
    looked,
    countedFrom: new Date(
      looked === 'all' ? fromMs : Math.max(fromMs, dropIdMs(cursor)),
    ).toISOString(),
  }
}
