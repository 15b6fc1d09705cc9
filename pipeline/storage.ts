/** Opens what a pipeline keeps on disk, in the order in which one needs the other. */
import { join } from 'node:path'
import type { AccountBook } from '../infra/book/account-book.ts'
import { formerLife } from '../infra/journal/former-life.ts'
import { openJournal } from '../infra/journal/open-journal.ts'
import type { Alarm } from '../infra/ledger/alarm.ts'
import type { Ledger } from '../infra/ledger/ledger.ts'
import { openLedger } from '../infra/ledger/open-ledger.ts'
import { type Replayed, replay } from '../infra/ledger/replay.ts'
import { openTurnstile, type Turnstile } from '../infra/ledger/turnstile.ts'
import type { RecordLog, Recovery } from '../infra/ring/record-log.ts'
import { openRing } from '../infra/ring/ring.ts'
import type { Log } from '../infra/telemetry/log.ts'
import type { Config } from './config/config.ts'
import { segmentBytes } from './inputs.ts'
import { type WatchedJournal, watched } from './watched-journal.ts'
import type { World } from './world.ts'

export type Storage = {
  readonly ring: RecordLog
  readonly journal: WatchedJournal
  readonly ledger: Ledger
  readonly turnstile: Turnstile
  readonly replayed: Replayed
  readonly recovery: Recovery
  readonly close: () => Promise<void>
}

/**
 * @throws {JournalError} when the journal is damaged; {LogError}, {LedgerError}; whatever the disk says.
 * Nothing was changed then but what recovery may always do: cut off what was never acknowledged.
 */
export const openStorage = async ({
  config,
  world: { filesystem, clock, bounds },
  log,
  book,
}: {
  readonly config: Config
  readonly world: Pick<World, 'filesystem' | 'clock' | 'bounds'>
  readonly log: Log
  readonly book: AccountBook
}): Promise<Storage> => {
  const drawSalt = (): number => Math.floor(clock.chance() * 2 ** 32)
  const report = (fault: Error): void =>
    log.warn('disk.faulted', `The disk failed, and nothing was lost by it: ${fault.message}`, {
      fault,
    })
  const at = (name: string): string => join(config.dataDirectory, name)
  const former = await formerLife({
    filesystem,
    directory: config.dataDirectory,
    nowMs: clock.now(),
  })
  const journal = watched(
    openJournal({
      filesystem,
      directory: at('journal'),
      opening: former === undefined ? [] : [former],
      reserveBytes: bounds.journalReserveBytes,
      report,
      drawSalt,
    }),
  )
  const replayed = await replay(journal.recover())
  if (former !== undefined) log.error('journal.missing', former.detail)
  const ring = openRing({
    filesystem,
    directory: at('ring'),
    segmentBytes: segmentBytes(config),
    durability: config.cache.durability,
    report,
    drawSalt,
  })
  const recovery = await ring.recover(replayed.ended)
  tell(recovery, log)
  const turnstile = openTurnstile()
  const ledger = await openLedger({
    journal,
    log: ring,
    replayed,
    recovery,
    filesystem,
    directory: at('drops'),
    now: clock.now,
    report: (detail) => log.warn('ledger.reported', detail),
    alarm: (alarm) => sound(alarm, log),
    turnstile,
    book,
  })
  const close = async (): Promise<void> => {
    await ledger.close()
    await ring.close()
    await journal.close()
  }
  return { ring, journal, ledger, turnstile, replayed, recovery, close }
}

const unshownMax = 20

const sound = (alarm: Alarm, log: Log): void => {
  const { kind, detail } = alarm
  if (alarm.kind === 'segment.lost') {
    const { segment, records } = alarm
    log.error(kind, detail, { segment, records })
  } else if (alarm.kind === 'drops.missing') {
    const streams = alarm.unshown.slice(0, unshownMax)
    log.error(kind, detail, { streams, unlisted: alarm.unshown.length - streams.length })
  } else log.error(kind, detail)
}

const tell = (recovery: Recovery, log: Log): void => {
  if (recovery.tornBytes > 0) {
    const message = 'Bytes that no client was told of were cut off the ends of segments.'
    log.info('ring.torn', message, { bytes: recovery.tornBytes })
  }
  for (const { file, detail } of recovery.unknown) {
    log.error('ring.damaged', `Damage in ${file} of which no range can be told: ${detail}.`, {
      file,
    })
  }
}
