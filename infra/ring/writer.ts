/**
 * Appends to the record log. What arrives while a commit is under way is the next commit, as one.
 * A commit is all or nothing: when the disk refuses a part of it, all of it is taken back.
 */
import { randomInt } from 'node:crypto'
import { join } from 'node:path'
import type { SegmentWritten } from '../../actors/cache/protocol.ts'
import { encodeValue, fingerprintOf } from '../../schemas/codec.ts'
import type { Position, Priority } from '../../schemas/messages.ts'
import { encodeFileHeader } from '../disk/file-header.ts'
import { type Filesystem, isDiskFull, type OpenFile, seen } from '../disk/filesystem.ts'
import { openGroupCommit } from '../disk/group-commit.ts'
import { raiseHighestId } from './highest-id.ts'
import { LogError } from './log-error.ts'
import {
  type Extent,
  entryBytes,
  type Limits,
  type Plan,
  planGroup,
  type Submitted,
} from './plan.ts'
import type { Appended, Unstored } from './record-log.ts'
import { addFrame, newSegment, type SegmentState, seal, segmentName, segmentOf } from './segment.ts'

export type WriterOptions = {
  readonly filesystem: Filesystem
  readonly directory: string
  readonly durability: 'fsync' | 'os'
  readonly limits: Limits
  /** All segments by id; the writer adds the new ones. */
  readonly segments: Map<number, SegmentState>
  /** The highest id ever given, and the one that the directory says so of. */
  readonly highestId: { readonly known: number; readonly marked: number | undefined }
  readonly onCommitted: (at: Position, payload: readonly Uint8Array[]) => void
  /** Faults that change nothing for any caller. */
  readonly report: (fault: Error) => void
  readonly drawSalt?: () => number
}

export type Writer = {
  readonly append: (batches: readonly Unstored[]) => Promise<Appended>
  /** Nothing will be appended to this segment once it resolves. */
  readonly retire: (segment: SegmentState) => Promise<void>
  readonly close: () => Promise<void>
}

const saltMax = 2 ** 32

export const openWriter = (options: WriterOptions): Writer => {
  const { filesystem, directory, limits, segments } = options
  const drawSalt = options.drawSalt ?? (() => randomInt(saltMax))
  const schema = fingerprintOf('Batch')
  const active = new Map<Priority, SegmentState>()
  const files = new Map<number, OpenFile>()
  /** Sealed by something else than an append: the next append tells. */
  const unreported = new Set<SegmentState>()
  let highestId = options.highestId.known
  let markedId = options.highestId.marked

  const synced = async (task: () => Promise<void>): Promise<void> =>
    options.durability === 'fsync' ? task() : undefined

  const draft = (priority: Priority): SegmentState => {
    highestId += 1
    const path = join(directory, segmentName({ id: highestId, priority }))
    return newSegment({ id: highestId, priority, path, salt: drawSalt(), schema })
  }

  /** The header is durable before the first frame is written, so a file without one holds nothing. */
  const create = async ({ id, path, salt }: SegmentState): Promise<void> => {
    const file = await filesystem.open(path, 'create')
    files.set(id, file)
    const header = { kind: 'segment', salt, number: id, schema, durableBytes: 0 } as const
    await file.write([encodeFileHeader(header)], 0)
    await synced(() => file.datasync())
    await raiseHighestId(options, { before: markedId, now: id })
    markedId = id
    await synced(() => filesystem.syncDirectory(directory))
  }

  const fileOf = ({ id, path }: SegmentState): OpenFile => {
    const file = files.get(id)
    if (file === undefined) throw new Error(`Writing to ${path} failed: it is not open.`)
    return file
  }

  /** One after the other, so that only the last segment of a priority has bytes that are not synced. */
  const writeLane = async (
    lane: readonly Extent[],
    unsyncable: Set<SegmentState>,
  ): Promise<void> => {
    for (const { segment, pieces, start } of lane) {
      const file = fileOf(segment)
      await file.write(pieces, start)
      await synced(() =>
        file.datasync().catch((cause: unknown) => {
          unsyncable.add(segment)
          throw cause
        }),
      )
    }
  }

  const write = async ({ extents }: Plan, unsyncable: Set<SegmentState>): Promise<void> => {
    for (const { segment, origin } of extents) if (origin === 'created') await create(segment)
    const lanes = Object.values(Object.groupBy(extents, ({ segment }) => segment.priority))
    // All are waited for, so that nothing is taken back while something is still being written.
    const ends = await Promise.allSettled(lanes.map((lane) => writeLane(lane, unsyncable)))
    for (const end of ends) if (end.status === 'rejected') throw end.reason
  }

  const closeFile = async ({ id }: SegmentState): Promise<void> => {
    const file = files.get(id)
    files.delete(id)
    await file?.close().catch(options.report)
  }

  const sealSegment = async (segment: SegmentState): Promise<void> => {
    seal(segment)
    if (active.get(segment.priority) === segment) active.delete(segment.priority)
    await closeFile(segment)
  }

  /**
   * Takes a failed commit back. A file whose sync has failed is never synced again: it is sealed as
   * it was, and the next append goes to a new one.
   */
  const takeBack = async ({ extents }: Plan, unsyncable: ReadonlySet<SegmentState>) => {
    const faults: unknown[] = []
    const attempt = (task: () => Promise<void>) => task().catch((cause) => void faults.push(cause))
    for (const { segment, origin, start } of extents) {
      if (origin === 'created') {
        if (!files.has(segment.id)) continue
        await closeFile(segment)
        await attempt(() => filesystem.unlink(segment.path))
        continue
      }
      const faultsBefore = faults.length
      await attempt(() => fileOf(segment).truncate(start))
      if (!unsyncable.has(segment)) await attempt(() => synced(() => fileOf(segment).datasync()))
      if (!unsyncable.has(segment) && faults.length === faultsBefore) continue
      await sealSegment(segment)
      unreported.add(segment)
    }
    if (extents.some(({ origin }) => origin === 'created'))
      await attempt(() => synced(() => filesystem.syncDirectory(directory)))
    return faults
  }

  const settle = async (plan: Plan): Promise<void> => {
    for (const { segment, end, written } of plan.extents) {
      segments.set(segment.id, segment)
      active.set(segment.priority, segment)
      segment.end = end
      for (const { held, payload } of written) {
        addFrame(segment, held)
        options.onCommitted(held.at, payload)
      }
    }
    const full = [...active.values()].filter(
      ({ end, frames }) => end >= limits.segmentBytes || frames >= limits.segmentFramesMax,
    )
    for (const segment of [...plan.filled, ...full]) await sealSegment(segment)
  }

  const commits = openGroupCommit<Submitted, Appended>({
    bytesOf: ({ bytes }) => bytes,
    refuse: (why) => new LogError('storage_failed', refusals[why]),
    commit: async (group) => {
      const plan = planGroup(group, { active: (it) => active.get(it), create: draft, limits })
      const unsyncable = new Set<SegmentState>()
      try {
        await write(plan, unsyncable)
      } catch (cause) {
        throw failure({ plan, cause, faults: await takeBack(plan, unsyncable) })
      }
      await settle(plan)
      const told = [...unreported]
      unreported.clear()
      return plan.answers.map(({ held, segments: touched }, index) => ({
        held,
        segments: [...new Set([...(index === 0 ? told : []), ...touched])].map(writtenOf),
      }))
    },
  })

  return {
    append: async (batches) => {
      if (batches.length === 0) return { held: [], segments: [] }
      const entries = batches.map(({ batch, payload }) => ({
        batch,
        header: encodeValue('Batch', batch),
        payload,
      }))
      const bytes = entries.reduce((sum, entry) => sum + entryBytes(entry), 0)
      return commits.submit({ entries, bytes })
    },
    retire: (segment) =>
      commits.exclusive(async () => {
        if (segment.phase !== 'active') return
        await sealSegment(segment)
        unreported.add(segment)
      }),
    close: async () => {
      await commits.close()
      for (const segment of [...active.values()]) await sealSegment(segment)
    },
  }
}

const refusals = {
  queue_full:
    'Appending was refused: as many appends as may wait are waiting for the disk. Nothing was kept; ' +
    'try again when some of them have ended.',
  closed: 'Appending was refused: the record log is closed. Nothing was kept.',
} as const

const writtenOf = (segment: SegmentState): SegmentWritten => {
  const { id, priority, bytes, sealed } = segmentOf(segment)
  return { id, priority, bytes, sealed }
}

const failure = ({ plan, cause, faults }: { plan: Plan; cause: unknown; faults: unknown[] }) => {
  const batches = plan.extents.reduce((sum, { written }) => sum + written.length, 0)
  const paths = plan.extents.map(({ segment }) => segment.path).join(', ')
  const what = `Appending ${batches} batches to ${paths} failed with ${seen(cause)}`
  if (faults.length > 0) {
    const why = `${what}, and taking them back with ${faults.map(seen).join(', ')}`
    const next = 'None was acknowledged or will be read; a restart may find them again.'
    return new LogError('storage_failed', `${why}. ${next}`, { cause })
  }
  const code = isDiskFull(cause) ? 'disk_full' : 'storage_failed'
  return new LogError(code, `${what}. Nothing of them was kept; later appends are tried.`, {
    cause,
  })
}
