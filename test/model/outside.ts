/** What is around the actors: disk, journal, ledger, endpoints, clients and an operator. */

import type { Fate, Piece } from '../../actors/delivery/protocol.ts'
import type { Draft } from '../../actors/endpoint-manager/protocol.ts'
import type { Held, Position, Priority } from '../../schemas/messages.ts'
import { recordsIn } from '../../schemas/range-set.ts'

/** What may still happen that need not happen. −1: for ever. */
export type Left = {
  /** Of an operator, to another endpoint. */
  readonly commands: number
  readonly pins: number
  readonly suspensions: number
  /** Answers 307. */
  readonly redirects: number
  /** Answers of an endpoint that is down. */
  readonly failures: number
  /** Attempts that are never answered. */
  readonly hangs: number
  /** Answers that are another one than 200 and no failure: 400, 413, partial success, unreadable. */
  readonly refusals: number
  /** Things that the disk, the journal or the ledger cannot do. */
  readonly faults: number
  /** Deadlines that pass although something else could happen before. */
  readonly early: number
  /** Leases that end while somebody still holds the batch. */
  readonly slips: number
  /** Answers to attempts that were given up, and timers of states that were left. */
  readonly late: number
  /** Messages that come twice. */
  readonly doubles: number
  readonly losses: number
  readonly crashes: number
  readonly drains: number
}

/** A file of the record log; batches by their number on the shelf. */
export type File = {
  readonly id: number
  readonly priority: Priority
  readonly held: readonly number[]
  readonly sealed: 'no' | 'yes'
}

/** What a port was asked, and has not answered. */
export type Asked =
  | { readonly port: 'recover' }
  | { readonly port: 'append'; readonly appendId: number; readonly batches: readonly unknown[] }
  | {
      readonly port: 'load'
      readonly priority: Priority
      readonly after: Position | null
      readonly batchesMax: number
    }
  | { readonly port: 'evict'; readonly segment: number }
  | { readonly port: 'remove'; readonly segment: number }
  | { readonly port: 'retire'; readonly segment: number }
  | { readonly port: 'fates'; readonly sendId: string; readonly fates: readonly Fate[] }

export type Attempt = {
  readonly sendId: string
  readonly attempt: number
  readonly epoch: number
  readonly piece: Piece
  readonly state: 'out' | 'given up'
}

export type Outside = {
  /** How often the process was started. */
  readonly life: number
  readonly files: readonly File[]
  readonly lastFile: number
  /** Segments of which the loss or the end is durable. */
  readonly evicted: readonly number[]
  readonly retired: readonly number[]
  /** Batches that became durable, in order, by number; and what the ledger has of those that ended. */
  readonly accepted: readonly number[]
  readonly ends: Readonly<Record<number, readonly [delivered: number, dropped: number]>>
  /** Batches of which an endpoint has taken something. */
  readonly took: readonly number[]
  /** By number on the shelf, sorted. */
  readonly asked: readonly number[]
  /** Writes that the journal has not answered, in order; and what it holds, from epoch 1. */
  readonly writes: readonly (Draft & { readonly write: number })[]
  readonly journal: readonly Draft[]
  /** The newest epoch that anybody was told of. */
  readonly told: number
  /** Stored states of the endpoint manager, the newest last. */
  readonly kept: readonly number[]
  readonly intake: 'open' | 'closed'
  readonly wants: 'none' | 'a group'
  /** Groups that clients have sent, and those that have no answer yet. */
  readonly offered: number
  readonly unanswered: readonly number[]
  /** The last append that became durable. */
  readonly lastKept: number
  readonly attempts: readonly Attempt[]
  /** Commands without an answer. */
  readonly open: readonly string[]
  readonly draining: 'no' | 'collector' | 'dispatcher' | 'cache'
  readonly left: Left
}

export const nothingLeft: Left = {
  commands: 0,
  pins: 0,
  suspensions: 0,
  redirects: 0,
  failures: 0,
  hangs: 0,
  refusals: 0,
  faults: 0,
  early: 0,
  slips: 0,
  late: 0,
  doubles: 0,
  losses: 0,
  crashes: 0,
  drains: 0,
}

export const firstOutside = (left: Left): Outside => ({
  life: 1,
  files: [],
  lastFile: 0,
  evicted: [],
  retired: [],
  accepted: [],
  ends: {},
  took: [],
  asked: [],
  writes: [],
  journal: [],
  told: 0,
  kept: [],
  intake: 'open',
  wants: 'none',
  offered: 0,
  unanswered: [],
  lastKept: 0,
  attempts: [],
  open: [],
  draining: 'no',
  left,
})

export const spent = (outside: Outside, what: keyof Left): Outside => {
  const before = outside.left[what]
  return before < 0 ? outside : { ...outside, left: { ...outside.left, [what]: before - 1 } }
}

export const recordsOf = ({ batch }: Held): number => recordsIn(batch)
