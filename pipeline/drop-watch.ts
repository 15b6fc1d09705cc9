import type { Ledger } from '../infra/ledger/ledger.ts'
import type { Log } from '../infra/telemetry/log.ts'
import type { Meters } from '../infra/telemetry/meters.ts'
import type { Telemetry } from '../infra/telemetry/telemetry.ts'
import type { Drop } from '../schemas/messages.ts'

export type DropWatch = { readonly look: () => Promise<void> }

/** Says each drop event aloud once, as an error in the log and in the metrics: never swallow a loss. */
export const openDropWatch = ({
  ledger,
  meters,
  log,
  telemetry,
  sinceMs,
}: {
  readonly ledger: Pick<Ledger, 'drops'>
  readonly meters: Meters
  readonly log: Log
  readonly telemetry: Telemetry | undefined
  /** Drop events before this moment were told in a former life. */
  readonly sinceMs: number
}): DropWatch => {
  let cursor: string | undefined
  let looking: Promise<void> | null = null

  const lookOnce = async (): Promise<void> => {
    for (;;) {
      const from = cursor === undefined ? { sinceMs } : { cursor }
      const page = await ledger.drops({ ...from, limit: 1_000 })
      for (const drop of page.drops) sayDropped(drop, { meters, log, telemetry })
      cursor = page.cursor ?? page.drops.at(-1)?.id ?? cursor
      if (page.cursor === null) return
    }
  }
  return {
    look: () => {
      looking ??= lookOnce().finally(() => {
        looking = null
      })
      return looking
    },
  }
}

/** Says one drop event aloud. */
export const sayDropped = (
  drop: Drop,
  to: {
    readonly meters: Pick<Meters, 'count'>
    readonly log: Log
    readonly telemetry: Pick<Telemetry, 'dropped'> | undefined
  },
): void => {
  to.meters.count('drops', { reason: drop.reason }, drop.records)
  to.telemetry?.dropped(drop)
  const { tenant, service, records, reason, detail } = drop
  const stream = service === '' ? tenant : `${tenant}/${service}`
  const message = `${records} records of ${stream} are gone (${reason}): ${detail}`
  to.log.error('records.dropped', message, { drop })
}
