/**
 * Appends to the record log. What arrives while a commit is under way is the next commit, as one.
 * A commit is all or nothing: when the disk refuses a part of it, all of it is taken back.
 */
import type { SegmentWritten } from '../../actors/cache/protocol.ts'
import { encodeValue } from '../../schemas/codec.ts'
import type { Priority } from '../../schemas/messages.ts'
import { isDiskFull, seen } from '../disk/filesystem.ts'
import { openGroupCommit } from '../disk/group-commit.ts'
import { LogError } from './log-error.ts'
import type { Written } from './payload-cache.ts'
import { entryBytes, type Limits, type Plan, planGroup, type Submitted } from './plan.ts'
import type { Appended, Unstored } from './record-log.ts'
import { addFrame, type SegmentState, seal, segmentOf } from './segment.ts'
import {
  closeSegment,
  draftSegment,
  putBack,
  type SegmentStore,
  writeExtents,
} from './segment-store.ts'

export type WriterOptions = {
  readonly store: SegmentStore
  readonly limits: Limits
  /** All segments by id; the writer adds the new ones. */
  readonly segments: Map<number, SegmentState>
  readonly onCommitted: (written: readonly Written[]) => void
}

export type Writer = {
  readonly append: (batches: readonly Unstored[]) => Promise<Appended>
  /** Nothing will be appended to this segment once it resolves. */
  readonly retire: (segment: SegmentState) => Promise<void>
  readonly close: () => Promise<void>
}

/** What the writer knows beside its options. */
type Desk = WriterOptions & {
  readonly active: Map<Priority, SegmentState>
  /** Sealed by something else than an append: the next append tells. */
  readonly unreported: Set<SegmentState>
}

export const openWriter = (options: WriterOptions): Writer => {
  const desk: Desk = { ...options, active: new Map(), unreported: new Set() }
  const commits = openGroupCommit<Submitted, Appended>({
    bytesOf: ({ bytes }) => bytes,
    refuse: (why) => new LogError('storage_failed', refusals[why]),
    commit: (group) => commitGroup(desk, group),
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
        await sealSegment(desk, segment)
        desk.unreported.add(segment)
      }),
    close: async () => {
      await commits.close()
      for (const segment of [...desk.active.values()]) await sealSegment(desk, segment)
    },
  }
}

const commitGroup = async (
  desk: Desk,
  group: readonly Submitted[],
): Promise<readonly Appended[]> => {
  const plan = planGroup(group, {
    active: (priority) => desk.active.get(priority),
    create: (priority) => draftSegment(desk.store, priority),
    limits: desk.limits,
  })
  try {
    await writeExtents(desk.store, plan.extents)
  } catch (cause) {
    throw await refused(desk, plan, cause)
  }
  await settle(desk, plan)
  const told = [...desk.unreported]
  desk.unreported.clear()
  return plan.answers.map(({ held, segments }, index) => ({
    held,
    segments: [...new Set([...(index === 0 ? told : []), ...segments])].map(writtenOf),
  }))
}

const settle = async (desk: Desk, { extents, filled }: Plan): Promise<void> => {
  const { active, limits, segments } = desk
  for (const { segment, end, written } of extents) {
    segments.set(segment.id, segment)
    active.set(segment.priority, segment)
    segment.end = end
    for (const { held } of written) addFrame(segment, held)
  }
  desk.onCommitted(
    extents.flatMap(({ written }) => written.map(({ held: { at }, payload }) => ({ at, payload }))),
  )
  const full = [...active.values()].filter(
    ({ end, frames }) => end >= limits.segmentBytes || frames >= limits.segmentFramesMax,
  )
  for (const segment of [...filled, ...full]) await sealSegment(desk, segment)
}

/** Takes a failed commit back, and answers what its callers are told. */
const refused = async (desk: Desk, plan: Plan, cause: unknown): Promise<LogError> => {
  const { spoilt, faults } = await putBack(desk.store, plan.extents)
  for (const segment of spoilt) {
    await sealSegment(desk, segment)
    desk.unreported.add(segment)
  }
  const batches = plan.extents.reduce((sum, { written }) => sum + written.length, 0)
  const paths = plan.extents.map(({ segment }) => segment.path).join(', ')
  const what = `Appending ${batches} batches to ${paths} failed with ${seen(cause)}`
  if (faults.length > 0) {
    const why = `${what}, and taking them back with ${faults.map(seen).join(', ')}`
    const next = 'None was acknowledged or will be read; a restart may find them again.'
    return new LogError('storage_failed', `${why}. ${next}`, { cause })
  }
  const code = isDiskFull(cause) ? 'disk_full' : 'storage_failed'
  const next = 'None was acknowledged or will be read; later appends are tried.'
  return new LogError(code, `${what}. ${next}`, { cause })
}

/** A file whose sync has failed ends here as well: it is sealed as it was. */
const sealSegment = async (desk: Desk, segment: SegmentState): Promise<void> => {
  seal(segment)
  if (desk.active.get(segment.priority) === segment) desk.active.delete(segment.priority)
  await closeSegment(desk.store, segment)
}

const refusals = {
  queue_full:
    'Appending was refused: as many appends as may wait are waiting for the disk. Nothing was ' +
    'kept; try again when some of them have ended.',
  closed: 'Appending was refused: the record log is closed. Nothing was kept.',
} as const

const writtenOf = (segment: SegmentState): SegmentWritten => {
  const { id, priority, bytes, sealed } = segmentOf(segment)
  return { id, priority, bytes, sealed }
}
