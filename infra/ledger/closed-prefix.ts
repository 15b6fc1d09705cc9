/**
 * Of one shard: up to where everything that was announced has ended. What lies before can be told in sums,
 * and need not be read again, by an auditor that starts anew or by a cache: so both topics can be cut off.
 */
import type { Held, LedgerRow, Mark } from '../../schemas/messages.ts'
import { recordsIn } from '../../schemas/range-set.ts'
import type { Address } from '../kafka/shard-log.ts'
import { openAccount, type Stream } from './account.ts'

export type ClosedPrefix = {
  /** Batches that count for the first time. */
  readonly announced: (held: readonly Held[], offset: number) => void
  /** The first end of a batch that was announced, and where it is in `settlements`. */
  readonly ended: (mark: Mark, offset: number) => void
  /** An end of a batch that was not announced yet: it has to be read again. */
  readonly early: (mark: Mark, offset: number) => void
  readonly readTo: (topic: 'appended' | 'settlements', offset: number) => void
  readonly checkpoint: () => Checkpoint
}

/** Everything below the offsets is in the rows, or has no bearing on what is not. */
export type Checkpoint = {
  readonly appendedTo: number
  readonly settlementsTo: number
  readonly rows: readonly LedgerRow[]
}

type Sums = { accepted: number; delivered: number; dropped: number }
type Open = {
  readonly offset: number
  left: number
  readonly sums: Map<string, Stream & Sums>
  /** Of its ends, the first. */
  firstEnd: number
}

/** Rows of a checkpoint, which is one message; those of producers that are over are joined. */
const rowsMax = 2_000

export const openClosedPrefix = (restored: Checkpoint): ClosedPrefix => {
  const account = openAccount(restored.rows)
  const open: Open[] = []
  const openOf = new Map<string, { readonly of: Open; readonly held: Held }>()
  const early = new Map<string, number>()
  let appendedTo = restored.appendedTo
  let settlementsTo = restored.settlementsTo

  const close = (): void => {
    for (let first = open[0]; first !== undefined && first.left === 0; first = open[0]) {
      for (const { accepted, delivered, dropped, ...stream } of first.sums.values())
        account.add(stream, { accepted, retired: accepted, delivered, dropped })
      open.shift()
    }
  }
  return {
    announced: (held, offset) => {
      const of: Open = { offset, left: held.length, sums: new Map(), firstEnd: Infinity }
      open.push(of)
      for (const it of held) openOf.set(keyOf(it.at), { of, held: it })
      close()
    },
    ended: (mark, offset) => {
      const key = keyOf(mark.at)
      const known = openOf.get(key)
      openOf.delete(key)
      const at = early.get(key) ?? offset
      early.delete(key)
      if (known === undefined) return
      const { of, held } = known
      of.left -= 1
      of.firstEnd = Math.min(of.firstEnd, at)
      const { producer, tenant, service } = held.batch
      const name = JSON.stringify([producer, tenant, service])
      const sums = of.sums.get(name) ?? {
        ...{ producer, tenant, service },
        ...{ accepted: 0, delivered: 0, dropped: 0 },
      }
      sums.accepted += recordsIn(held.batch)
      sums.delivered += mark.delivered
      sums.dropped += mark.dropped
      of.sums.set(name, sums)
      close()
    },
    early: (mark, offset) => {
      // Where a batch ends several times, its first end is the one that counts.
      if (!early.has(keyOf(mark.at))) early.set(keyOf(mark.at), offset)
    },
    readTo: (topic, offset) => {
      if (topic === 'appended') appendedTo = Math.max(appendedTo, offset + 1)
      else settlementsTo = Math.max(settlementsTo, offset + 1)
    },
    checkpoint: () => {
      const current = new Set([...openOf.values()].map(({ held }) => held.batch.producer))
      account.fold({ rowsMax, current })
      return {
        appendedTo: Math.min(appendedTo, open[0]?.offset ?? Infinity),
        settlementsTo: Math.min(
          settlementsTo,
          ...open.map(({ firstEnd }) => firstEnd),
          ...early.values(),
        ),
        rows: account.rows(),
      }
    },
  }
}

const keyOf = ({ segment: partition, offset }: Address): string => `${partition}:${offset}`
