/** Carries kept notices to the webhooks, some at a time to each: none waits for another one's. */
import type { Book } from '../../infra/notices/book.ts'
import type { Lane } from '../../infra/notices/lane.ts'
import type { Sealed } from '../../infra/notices/notice.ts'
import { connectionsMax, type Told, type Webhook } from '../../infra/notices/webhook.ts'
import type { Log } from '../../infra/telemetry/log.ts'
import type { Meters } from '../../infra/telemetry/meters.ts'

export type Postmen = {
  /** Starts what is due of the kept ones. Waits for nothing. */
  readonly send: (keptIds: ReadonlySet<string>) => void
  readonly isSending: (webhook: string, id: string) => boolean
  readonly isBusy: () => boolean
  /** Breaks off what is under way. */
  readonly close: () => Promise<void>
}

export const openPostmen = ({
  webhooks,
  book,
  giveUpAfterMs,
  now,
  meters,
  log,
  changed,
}: {
  /** One for each lane of the book. */
  readonly webhooks: readonly Webhook[]
  readonly book: Book
  /** 0: never. */
  readonly giveUpAfterMs: number
  readonly now: () => number
  readonly meters: Meters
  readonly log: Log
  readonly changed: () => void
}): Postmen => {
  const underWay = book.lanes.map(() => new Set<string>())

  const settle = (lane: Lane, notice: Sealed, told: Told): void => {
    const { id } = notice
    const { webhook } = lane
    meters.count('noticeAttempts', { outcome: told.kind })
    if (told.kind === 'acknowledged') {
      log.info('notice.acknowledged', `${webhook} has acknowledged the notice ${id}.`, {
        id,
        webhook,
      })
      lane.acknowledged(id)
      changed()
      return
    }
    const nowMs = now()
    const { detail } = told
    const retryAfterMs = told.kind === 'failed' ? told.retryAfterMs : null
    lane.failed(id, { detail, retryAfterMs, nowMs })
    if (notice.attempts === 0)
      log.warn('notice.failed', `${webhook} could not be told of ${id}: ${detail}. Trying again.`, {
        id,
        webhook,
      })
    const why = whyOver(notice, { told, giveUpAfterMs, nowMs })
    const over = why === null ? undefined : lane.remove(id)
    if (over === undefined || why === null) return
    book.bury({ webhook, notice: over }, { why, nowMs })
    changed()
  }
  const carry = async (index: number, lane: Lane, notice: Sealed): Promise<void> => {
    const carried = underWay[index]
    const webhook = webhooks[index]
    if (webhook === undefined) return
    carried?.add(notice.id)
    const told = await webhook.tell(notice)
    // One that was broken off by a stop is neither told nor failed.
    if (carried?.delete(notice.id) === true) settle(lane, notice, told)
  }

  return {
    send: (keptIds) => {
      for (const [index, lane] of book.lanes.entries())
        for (const notice of lane.waiting()) {
          const carried = underWay[index]
          if (carried === undefined || carried.size >= connectionsMax) break
          if (carried.has(notice.id) || notice.nextAtMs > now()) continue
          if (keptIds.has(notice.id)) void carry(index, lane, notice)
        }
    },
    isSending: (webhook, id) =>
      underWay[book.lanes.findIndex((lane) => lane.webhook === webhook)]?.has(id) === true,
    isBusy: () => underWay.some(({ size }) => size > 0),
    close: async () => {
      for (const carried of underWay) carried.clear()
      await Promise.all(webhooks.map((webhook) => webhook.close()))
    },
  }
}

const whyOver = (
  { sealedAtMs }: Pick<Sealed, 'sealedAtMs'>,
  {
    told,
    giveUpAfterMs,
    nowMs,
  }: { readonly told: Told; readonly giveUpAfterMs: number; readonly nowMs: number },
): string | null => {
  if (told.kind === 'gone') return `${told.detail}: it is not wanted any more`
  return giveUpAfterMs > 0 && nowMs - sealedAtMs > giveUpAfterMs
    ? `it was not acknowledged within ${giveUpAfterMs / 1_000} s`
    : null
}
