/** The directories of the faulty disk: what a reader sees, and what would survive a crash. */
import { basename, dirname } from 'node:path'
import type { Chance } from './chance.ts'
import type { Inode } from './faulty-inode.ts'

/** A change of names, durable once its directory is synced. */
export type NameChange =
  | { readonly kind: 'link'; readonly path: string; readonly inode: Inode }
  | { readonly kind: 'unlink'; readonly path: string }
  | { readonly kind: 'rename'; readonly from: string; readonly to: string }

export type Names = {
  readonly at: (path: string) => Inode | undefined
  readonly paths: () => readonly string[]
  readonly inodes: () => readonly Inode[]
  readonly in: (directory: string) => readonly string[]
  readonly change: (done: NameChange) => void
  readonly sync: (directory: string) => void
  readonly crash: () => void
  /** A name that is durable at once. */
  readonly place: (path: string, inode: Inode) => void
}

export const openNames = (chance: Chance): Names => {
  let seen = new Map<string, Inode>()
  const durable = new Map<string, Inode>()
  let pending: NameChange[] = []
  return {
    at: (path) => seen.get(path),
    paths: () => [...seen.keys()].sort(),
    inodes: () => [...new Set(seen.values())],
    in: (directory) =>
      [...seen.keys()].filter((path) => dirname(path) === directory).map((path) => basename(path)),
    change: (done) => {
      apply(seen, done)
      pending.push(done)
    },
    sync: (directory) => {
      const mine = (it: NameChange) => dirname(it.kind === 'rename' ? it.to : it.path) === directory
      for (const done of pending.filter(mine)) apply(durable, done)
      pending = pending.filter((it) => !mine(it))
    },
    crash: () => {
      for (const done of survivors(chance, pending)) apply(durable, done)
      pending = []
      seen = new Map(durable)
    },
    place: (path, inode) => {
      seen.set(path, inode)
      durable.set(path, inode)
    },
  }
}

const apply = (names: Map<string, Inode>, done: NameChange): void => {
  if (done.kind === 'link') names.set(done.path, done.inode)
  if (done.kind === 'unlink') names.delete(done.path)
  if (done.kind !== 'rename') return
  const inode = names.get(done.from)
  if (inode === undefined) return
  names.delete(done.from)
  names.set(done.to, inode)
}

/** Some disks keep the order of changes and lose the last ones; of others any may be lost. */
const survivors = (chance: Chance, done: readonly NameChange[]): readonly NameChange[] =>
  chance.oneIn(2)
    ? done.slice(0, chance.below(done.length + 1))
    : done.filter(() => chance.oneIn(2))
