/**
 * Keeps what must outlive the process and is no part of the account: assignments, and the states that
 * actors are restored from. And it bounds the journal: when that has grown long it is begun anew.
 */
import type { Draft } from '../actors/endpoint-manager/protocol.ts'
import type { Envelope } from '../actors/kit/snapshot.ts'
import type { Clock } from '../infra/clock/clock.ts'
import { isDiskFull } from '../infra/disk/filesystem.ts'
import type { Fact } from '../infra/journal/journal.ts'
import { JournalError } from '../infra/journal/journal-error.ts'
import type { Ledger } from '../infra/ledger/ledger.ts'
import type { Turnstile } from '../infra/ledger/turnstile.ts'
import type { Log } from '../infra/telemetry/log.ts'
import { type Epoch, epoch, type InstantMs, instant } from '../schemas/brand.ts'
import type { AccountBegun, ActorPersisted, Assignment } from '../schemas/messages.ts'
import type { WatchedJournal } from './watched-journal.ts'
import type { Bounds } from './world.ts'

export type Keeper = {
  /** Makes an assignment durable under the next epoch, which is one more than any before it. */
  readonly keepAssignment: (draft: Draft) => Promise<Epoch>
  readonly keepActor: (envelope: Envelope, nowMs: InstantMs) => Promise<void>
  /**
   * Begins the journal anew if it has grown long, or if its file takes no more since a sync failed.
   * A disk that is full is no fault: it is tried again later. Rejects when the disk fails.
   */
  readonly tidy: () => Promise<void>
  /**
   * Notes what is held, for as long as the disk has room for more than drop events and ends. A journal
   * that cannot be written is told once; rejects for anything else.
   */
  readonly note: () => Promise<void>
  /** Begins the journal anew, so that the next life starts from totals. What fails is told, not thrown. */
  readonly conclude: () => Promise<void>
}

/** After a checkpoint for which the disk had no room. */
const retryMs = 10_000
/** Assignments that a new journal carries over. */
const assignmentsMax = 100

export const openKeeper = ({
  journal,
  ledger,
  clock,
  log,
  turnstile,
  bounds: { journalBytesMax },
  assignments: restored,
  actors: restoredActors,
  begun,
}: {
  readonly journal: WatchedJournal
  readonly clock: Pick<Clock, 'now'>
  readonly log: Log
  readonly ledger: Pick<Ledger, 'checkpoint' | 'note'>
  /** The ledger's own: while a checkpoint is taken nobody writes to the journal. */
  readonly turnstile: Pick<Turnstile, 'through'>
  readonly bounds: Pick<Bounds, 'journalBytesMax'>
  readonly assignments: readonly Assignment[]
  readonly actors: ReadonlyMap<string, ActorPersisted>
  readonly begun: AccountBegun | null
}): Keeper => {
  const actors = new Map(restoredActors)
  const beginning = begun === null ? [] : [begun]
  let assignments = restored.slice(-assignmentsMax)
  let lastEpoch = restored.reduce((last, { epoch: it }) => Math.max(last, it), 0)
  let notBeforeMs = instant(0)
  let unnoted: 'yes' | 'no' = 'no'

  const checkpoint = (): Promise<void> =>
    ledger.checkpoint(async (account) => {
      const kept = assignments.map(
        (assignment): Fact => ({ type: 'assignment.recorded', assignment }),
      )
      await journal.checkpoint([...account, ...kept, ...actors.values(), ...beginning])
    })

  return {
    keepAssignment: (draft) =>
      turnstile.through(async () => {
        // Taken before it is durable: if it never is, a number is skipped, and none is used twice.
        lastEpoch += 1
        const assignment: Assignment = { ...draft, epoch: epoch(lastEpoch) }
        await journal.append([{ type: 'assignment.recorded', assignment }])
        assignments = [...assignments, assignment].slice(-assignmentsMax)
        return assignment.epoch
      }),
    keepActor: ({ actor, version, snapshot }, nowMs) =>
      turnstile.through(async () => {
        const fact: ActorPersisted = {
          type: 'actor.persisted',
          actor,
          version,
          snapshot: JSON.stringify(snapshot),
          atMs: nowMs,
        }
        await journal.append([fact])
        actors.set(actor, fact)
      }),
    note: async () => {
      try {
        await ledger.note(journal.reserved)
        unnoted = 'no'
      } catch (cause) {
        if (!(cause instanceof JournalError)) throw cause
        if (unnoted === 'no')
          log.warn('disk.faulted', 'What is held could not be noted in the journal.', { cause })
        unnoted = 'yes'
      }
    },
    conclude: async () => {
      try {
        await checkpoint()
      } catch (cause) {
        const message = 'The journal could not be begun anew; the next start reads the one before.'
        log.warn('journal.untidied', message, { cause })
      }
    },
    tidy: async () => {
      if (journal.bytes() <= journalBytesMax && !journal.isBroken()) return
      if (clock.now() < notBeforeMs) return
      try {
        await checkpoint()
      } catch (cause) {
        if (!isForSpace(cause)) throw cause
        notBeforeMs = instant(clock.now() + retryMs)
        const message =
          'The journal could not be begun anew on a full disk; the one before goes on.'
        log.warn('journal.untidied', message, { cause })
      }
    },
  }
}

/** Of the journal, or of the archive of drop events, which a checkpoint writes to first. */
const isForSpace = (cause: unknown): boolean =>
  isDiskFull(cause) || (cause instanceof JournalError && cause.code === 'disk_full')
