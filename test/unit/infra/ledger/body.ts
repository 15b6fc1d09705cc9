/** The real ledger over the real journal and the real record log, on a disk that fails. */
import assert from 'node:assert/strict'
import { openJournal } from '../../../../infra/journal/open-journal.ts'
import type { Alarm } from '../../../../infra/ledger/alarm.ts'
import type { Ledger } from '../../../../infra/ledger/ledger.ts'
import { openLedger } from '../../../../infra/ledger/open-ledger.ts'
import { replay } from '../../../../infra/ledger/replay.ts'
import type { RecordLog, Unstored } from '../../../../infra/ring/record-log.ts'
import { openRing } from '../../../../infra/ring/ring.ts'
import { batchId, instant, seq } from '../../../../schemas/brand.ts'
import type { AssignmentRecorded } from '../../../../schemas/messages.ts'
import type { FaultyDisk } from '../../../support/faulty-disk.ts'
import { at } from './life.ts'

export type Body = {
  readonly ledger: Ledger
  readonly log: RecordLog
  readonly lived: () => ReturnType<typeof replay>
  readonly checkpoint: () => Promise<void>
  readonly segments: readonly number[]
  readonly close: () => Promise<void>
}

/** What ring and journal report changes nothing for anybody: the power is off. */
const faults: Error[] = []
export const salts = { drawSalt: () => 0x5eed, report: (fault: Error) => faults.push(fault) }

export type BodyOptions = {
  readonly alarm?: (alarm: Alarm) => void
  readonly report?: (detail: string) => void
  readonly segmentBytes?: number
}

export const openBody = async (
  disk: FaultyDisk,
  {
    alarm = ({ detail }) => assert.fail(detail),
    report = (detail) => assert.fail(detail),
    segmentBytes = 600,
  }: BodyOptions = {},
): Promise<Body> => {
  const filesystem = disk
  const journal = openJournal({ filesystem, directory: '/journal', reserveBytes: 4096, ...salts })
  const replayed = await replay(journal.recover())
  const log = openRing({
    filesystem,
    directory: '/ring',
    segmentBytes,
    durability: 'fsync',
    ...salts,
  })
  const recovery = await log.recover(replayed.ended)
  const ledger = await openLedger({
    filesystem,
    directory: '/ledger',
    journal,
    log,
    replayed,
    recovery,
    now: () => at(0),
    report,
    alarm,
  })
  const { assignments } = replayed
  return {
    ledger,
    log,
    lived: async () => replayed,
    segments: recovery.segments.map(({ id }) => id),
    checkpoint: () =>
      ledger.checkpoint((facts) => journal.checkpoint([...facts, ...assignments.map(recorded)])),
    close: async () => {
      await Promise.all([ledger.close(), journal.close(), log.close()])
    },
  }
}
export const recorded = (assignment: AssignmentRecorded['assignment']): AssignmentRecorded => ({
  type: 'assignment.recorded',
  assignment,
})

export const recordsPerBatch = 4
export const unstored = (index: number): Unstored => {
  const producer = 'edge-1.a'
  const [tenant, service] = ['acme', `s${index % 2}`]
  const firstSeq = seq((index >> 1) * recordsPerBatch)
  const lastSeq = seq(firstSeq + recordsPerBatch - 1)
  const payload = [Buffer.alloc(40, index)]
  const id = batchId({ producer, tenant, service, firstSeq, lastSeq })
  const [fromMs, toMs] = [instant(index), instant(index + 1)]
  const size = { bytes: 40, priority: 'normal', acceptedAtMs: at(0) } as const
  return {
    batch: { id, producer, tenant, service, firstSeq, lastSeq, fromMs, toMs, ...size },
    payload,
  }
}
