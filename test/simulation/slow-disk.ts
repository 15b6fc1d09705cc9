/**
 * The faulty disk as one life of the process sees it: every operation takes its time, so that the
 * process may die before it, and between its effect and its answer.
 */
import type { Filesystem, OpenFile } from '../../infra/disk/filesystem.ts'
import { codeOf } from '../../infra/disk/filesystem.ts'
import type { Chance } from '../support/chance.ts'
import type { FaultyDisk } from '../support/faulty-disk.ts'
import type { Operation } from '../support/faulty-faults.ts'
import type { Life } from './life.ts'
import type { Story } from './story.ts'
import { millisecond, type Timeline } from './timeline.ts'

export type SlowDisk = {
  readonly filesystem: (life: Life) => Filesystem
  /** Nothing is answered for so long. */
  readonly stall: (forUs: number) => void
  /** From now on one in so many syncs and reads fails; 0: none. */
  readonly failOneIn: (times: number) => void
}

/** Reads fail far less often than syncs: few of them are allowed to. */
const readsPerSync = 40
const syncing: ReadonlySet<Operation> = new Set<Operation>(['datasync', 'syncDirectory'])

export const openSlowDisk = (given: {
  readonly disk: FaultyDisk
  readonly timeline: Timeline
  readonly chance: Chance
  readonly story: Story
  /** The power went during an operation of this life. */
  readonly powerFailed: (life: Life) => void
}): SlowDisk => {
  const { disk, timeline, chance, story, powerFailed } = given
  let stalledUntilUs = 0
  let failingOneIn = 0

  const latencyUs = (): number => {
    const rare = chance.oneIn(150) ? 40 * millisecond : 400
    return Math.max(20 + chance.below(rare), stalledUntilUs - timeline.nowUs())
  }
  const failSome = (life: Life, what: Operation): void => {
    if (failingOneIn === 0) return
    const isDue = syncing.has(what)
      ? chance.oneIn(failingOneIn)
      : what === 'read' && chance.oneIn(failingOneIn * readsPerSync)
    if (!isDue) return
    disk.failNext(what, 'EIO')
    life.harm(timeline.nowUs())
    story.count(what === 'read' ? 'readError' : 'syncError')
  }
  const operate = <Result>(
    life: Life,
    what: Operation,
    path: string,
    act: () => Promise<Result>,
  ): Promise<Result> =>
    new Promise((resolve, reject) => {
      const answer = (settle: () => void): void => {
        if (!life.isOver()) settle()
      }
      const effect = (answered: (settle: () => void) => void): void => {
        if (life.isOver()) return
        failSome(life, what)
        story.note(`${what} ${path}`)
        act().then(
          (result) => answered(() => resolve(result)),
          (cause) => {
            if (codeOf(cause) === 'EPOWER') powerFailed(life)
            else answered(() => reject(cause))
          },
        )
      }
      const delayUs = latencyUs()
      if (chance.oneIn(2)) effect((settle) => timeline.after(delayUs, () => answer(settle)))
      else timeline.after(delayUs, () => effect(answer))
    })

  const fileIn = (life: Life, path: string, file: OpenFile): OpenFile => ({
    write: (pieces, offset) => operate(life, 'write', path, () => file.write(pieces, offset)),
    read: (target, offset) => operate(life, 'read', path, () => file.read(target, offset)),
    datasync: () => operate(life, 'datasync', path, file.datasync),
    truncate: (bytes) => operate(life, 'truncate', path, () => file.truncate(bytes)),
    size: () => operate(life, 'size', path, file.size),
    close: () => operate(life, 'close', path, file.close),
  })
  return {
    stall: (forUs) => {
      stalledUntilUs = timeline.nowUs() + forUs
    },
    failOneIn: (times) => {
      failingOneIn = times
    },
    filesystem: (life) => ({
      open: async (path, mode) =>
        fileIn(life, path, await operate(life, 'open', path, () => disk.open(path, mode))),
      unlink: (path) => operate(life, 'unlink', path, () => disk.unlink(path)),
      rename: (paths) => operate(life, 'rename', paths.from, () => disk.rename(paths)),
      list: (directory) => operate(life, 'list', directory, () => disk.list(directory)),
      syncDirectory: (directory) =>
        operate(life, 'syncDirectory', directory, () => disk.syncDirectory(directory)),
      makeDirectory: (directory) =>
        operate(life, 'makeDirectory', directory, () => disk.makeDirectory(directory)),
    }),
  }
}
