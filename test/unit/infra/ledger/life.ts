import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Fate, Loss } from '../../../../actors/delivery/protocol.ts'
import { nodeFilesystem } from '../../../../infra/disk/node-filesystem.ts'
import type { Alarm } from '../../../../infra/ledger/alarm.ts'
import type { Ledger } from '../../../../infra/ledger/ledger.ts'
import { openLedger } from '../../../../infra/ledger/open-ledger.ts'
import { type Replayed, replay } from '../../../../infra/ledger/replay.ts'
import type { Recovery } from '../../../../infra/ring/record-log.ts'
import { instant, seq } from '../../../../schemas/brand.ts'
import type { Drop, DropReason, Held } from '../../../../schemas/messages.ts'
import type { FaultyDisk } from '../../../support/faulty-disk.ts'
import { type MemoryJournal, openMemoryJournal } from './memory-journal.ts'
import { type MemoryLog, openMemoryLog } from './memory-log.ts'

/** A ledger with all that it stands on, which can be restarted. */
export type Life = {
  readonly journal: MemoryJournal
  readonly log: MemoryLog
  readonly ledger: () => Ledger
  readonly replayed: () => Replayed
  readonly reports: readonly string[]
  readonly alarms: readonly Alarm[]
  /** Appends and takes into the account. */
  readonly accept: (batch: Parameters<MemoryLog['append']>[0]) => Held
  readonly checkpoint: () => Promise<void>
  readonly restart: (found?: Pick<Recovery, 'corrupt'>) => Promise<void>
  /** All drop events, page by page. */
  readonly drops: () => Promise<readonly Drop[]>
  readonly directory: string
}
export type LifeOptions = {
  readonly dropsMax?: number
  readonly rowsMax?: number
  /** At each restart its power is cut. Without one the files are real. */
  readonly disk?: FaultyDisk
}

/** A clock that moves by itself, so that nothing happens twice at one time. */
const startMs = 1_750_000_000_000
const pagesMax = 1_000

export const live = async (
  scenario: (life: Life) => Promise<void>,
  { disk, ...options }: LifeOptions = {},
): Promise<void> => {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-ledger-'))
  const journal = openMemoryJournal()
  const log = openMemoryLog()
  const reports: string[] = []
  const alarms: Alarm[] = []
  let nowMs = startMs
  let ledger: Ledger | undefined
  let replayed: Replayed | undefined

  const restart: Life['restart'] = async (found) => {
    await ledger?.close()
    disk?.crash()
    journal.restart()
    replayed = await replay(journal.recover())
    const recovery = { ...log.recover(replayed.ended), ...found }
    ledger = await openLedger({
      journal,
      log,
      replayed,
      recovery,
      filesystem: disk ?? nodeFilesystem,
      directory,
      now: () => instant(nowMs++),
      report: (detail) => reports.push(detail),
      alarm: (alarm) => alarms.push(alarm),
      ...options,
    })
  }
  const current = (): Ledger => {
    if (ledger === undefined) throw new Error('The ledger is not open.')
    return ledger
  }
  try {
    await restart()
    await scenario({
      journal,
      log,
      reports,
      alarms,
      directory,
      restart,
      ledger: current,
      replayed: () => {
        if (replayed === undefined) throw new Error('Nothing was replayed.')
        return replayed
      },
      accept: (batch) => {
        const held = log.append(batch)
        current().appended([held])
        return held
      },
      checkpoint: () => current().checkpoint((facts) => journal.checkpoint(facts)),
      drops: () => allDrops(current()),
    })
  } finally {
    await ledger?.close()
    await rm(directory, { recursive: true })
  }
}

const allDrops = async (ledger: Ledger): Promise<readonly Drop[]> => {
  const all: Drop[] = []
  let cursor: string | undefined
  for (let page = 0; page < pagesMax; page++) {
    const found = await ledger.drops({ limit: 7, ...(cursor === undefined ? {} : { cursor }) })
    all.push(...found.drops)
    if (found.cursor === null) return all
    cursor = found.cursor
  }
  throw new Error(`There are more than ${pagesMax} pages of drop events.`)
}

/** The end of a batch of which so many records, the first ones, were lost and the others delivered. */
export const fateOf = (
  held: Held,
  { lost = 0, reason = 'rejected_by_endpoint' }: { lost?: number; reason?: DropReason } = {},
): Fate => {
  const { firstSeq, lastSeq } = held.batch
  const loss: Loss = {
    firstSeq,
    lastSeq: seq(firstSeq + lost - 1),
    records: lost,
    reason,
    detail: 'for a test',
  }
  return { held, delivered: lastSeq - firstSeq + 1 - lost, drops: lost === 0 ? [] : [loss] }
}

export const at = (ms: number) => instant(startMs + ms)
