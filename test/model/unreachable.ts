/** Cells that no run can reach, each with the reason. One that is reached all the same is an error. */
import type { Cell } from './world.ts'

const because = (why: string, ...cells: readonly Cell[]): Readonly<Record<Cell, string>> =>
  Object.fromEntries(cells.map((cell) => [cell, why]))

export const unreachable: Readonly<Record<Cell, string>> = {
  ...because(
    'nothing is asked of the cache before it has opened',
    'collector starting cache.filled',
    'collector starting append.done',
    'collector starting append.refused',
  ),
  ...because(
    'the intake offers a group when it was asked for one, and is asked while accepting',
    'collector starting group.offered',
  ),
  ...because(
    'the pipeline asks each actor once',
    'collector draining drain.requested',
    'dispatcher draining drain.requested',
  ),
  ...because(
    'all actors start together: nobody was leased anything by a cache that recovers',
    'cache recovering batches.settled',
    'cache recovering batches.returned',
  ),
  ...because(
    'the record log was asked to recover, and nothing else',
    'cache recovering batches.loaded',
    'cache recovering log.appended',
    'cache recovering log.failed',
    'cache recovering eviction.recorded',
    'cache recovering eviction.failed',
    'cache recovering segment.removed',
    'cache recovering removal.failed',
  ),
  ...because(
    'the record log is recovered once, first',
    'cache open log.recovered',
    'cache appending log.recovered',
    'cache evicting log.recovered',
    'cache removing log.recovered',
    'cache full log.recovered',
  ),
  ...because(
    'the record log answers an append while it is awaited, however long that takes',
    'cache open log.appended',
    'cache open log.failed',
    'cache evicting log.appended',
    'cache evicting log.failed',
    'cache removing log.appended',
    'cache removing log.failed',
    'cache full log.appended',
    'cache full log.failed',
  ),
  ...because(
    'the collector has one append with the cache at a time',
    'cache appending append.requested',
    'cache evicting append.requested',
    'cache removing append.requested',
  ),
  ...because(
    'it asked for nothing and started nothing yet',
    'dispatcher awaitingEndpoint redirect.refused',
    'dispatcher awaitingEndpoint batches.leased',
    'dispatcher awaitingEndpoint attempt.moved',
    'dispatcher awaitingEndpoint send.ended',
  ),
  ...because(
    'the ledger was asked nothing yet',
    'delivery attempting fates.recorded',
    'delivery attempting fates.failed',
    'delivery awaitingAssignment fates.recorded',
    'delivery awaitingAssignment fates.failed',
  ),
  ...because(
    'nothing was ever assigned: nobody sends',
    'endpoint-manager unassigned redirect.reported',
    'endpoint-manager unassigned attempt.reported',
  ),
  ...because(
    'each write is answered once, and it left `assigning` with the last answer',
    'endpoint-manager unassigned assignment.journaled',
    'endpoint-manager unassigned journal.failed',
  ),
}
