/**
 * A disk in memory that does what a real one may do: at a crash it loses, tears and reorders what was
 * not synced; it fails when told to; it is full; it flips bits. The same seed and the same calls give
 * the same disk. Names become durable by `syncDirectory`, content by `datasync`, as the port says.
 */
import { basename, dirname } from 'node:path'
import type { Filesystem, OpenFile, OpenMode } from '../../infra/disk/filesystem.ts'
import { type Chance, chanceOf } from './chance.ts'
import { type Inode, inodes } from './faulty-inode.ts'

export const operations = [
  'open',
  'create',
  'write',
  'read',
  'datasync',
  'truncate',
  'close',
  'unlink',
  'rename',
  'list',
  'syncDirectory',
  'makeDirectory',
  'size',
] as const
export type Operation = (typeof operations)[number]

export type FaultyDisk = Filesystem & {
  /** The power goes, and comes back: files that were open are dead, what was not synced is up to chance. */
  readonly crash: () => void
  /** The process dies and the machine lives: files are dead, and the system has all that was written. */
  readonly kill: () => void
  /** The power goes during this changing operation from now on (1: the next); `crash` brings it back. */
  readonly stopAt: (operation: number) => void
  /** Changing operations since the disk was made. */
  readonly changes: () => number
  /** The next `times` operations of this kind fail with the code. */
  readonly failNext: (operation: Operation, code: string, times?: number) => void
  /** Damage that nobody noticed: a bit from 0 to 7 of the byte at an offset. */
  readonly flipBit: (place: {
    readonly path: string
    readonly offset: number
    readonly bit: number
  }) => void
  /** Content as a reader sees it now. */
  readonly contents: (path: string) => Buffer
  /** Makes a file of these bytes, durably. */
  readonly place: (path: string, content: Uint8Array) => void
  readonly paths: () => readonly string[]
  /** Bytes that all files may have together. */
  readonly setCapacity: (bytes: number) => void
  readonly count: (operation: Operation) => number
}

const changing: ReadonlySet<Operation> = new Set<Operation>([
  'create',
  'write',
  'datasync',
  'truncate',
  'unlink',
  'rename',
  'syncDirectory',
])

/** A change of names that is not durable yet. */
type NameChange =
  | { readonly kind: 'link'; readonly path: string; readonly inode: Inode }
  | { readonly kind: 'unlink'; readonly path: string }
  | { readonly kind: 'rename'; readonly from: string; readonly to: string }

export const openFaultyDisk = (options: { readonly seed: number }): FaultyDisk => {
  const chance = chanceOf(options.seed)
  let capacityBytes = Number.POSITIVE_INFINITY
  let names = new Map<string, Inode>()
  let durableNames = new Map<string, Inode>()
  let nameChanges: NameChange[] = []
  let life = 0
  let stopIn = Number.POSITIVE_INFINITY
  let changes = 0
  let power: 'on' | 'off' = 'on'
  const counts = new Map<Operation, number>()
  const faults = new Map<Operation, string[]>()

  const content = inodes({
    chance,
    roomBytes: () => capacityBytes - [...new Set(names.values())].reduce((sum, { size }) => sum + size(), 0), // biome-ignore format: one thought
  })

  /** Answers the code with which this operation fails, if it does. */
  const begin = (operation: Operation): string | undefined => {
    if (power === 'off') throw errorOf('EPOWER', operation)
    counts.set(operation, (counts.get(operation) ?? 0) + 1)
    if (changing.has(operation)) {
      changes += 1
      stopIn -= 1
      if (stopIn <= 0) {
        power = 'off'
        return 'EPOWER'
      }
    }
    return faults.get(operation)?.shift()
  }
  const refuse = (operation: Operation, path: string): void => {
    const code = begin(operation)
    if (code !== undefined) throw errorOf(code, `${operation} ${path}`)
  }
  const inodeAt = (path: string): Inode => {
    const inode = names.get(path)
    if (inode === undefined) throw errorOf('ENOENT', path)
    return inode
  }
  const change = (done: NameChange): void => {
    applyName(names, done)
    nameChanges.push(done)
  }
  const kill = (): void => {
    life += 1
    power = 'on'
    stopIn = Number.POSITIVE_INFINITY
    faults.clear()
  }
  const fileOf = (inode: Inode, path: string): OpenFile => {
    const born = life
    const step = (operation: Operation): string | undefined => {
      if (born !== life) throw errorOf('EPOWER', `${operation} ${path}, which a crash closed`)
      return begin(operation)
    }
    const guard = (operation: Operation): void => {
      const code = step(operation)
      if (code !== undefined) throw errorOf(code, `${operation} ${path}`)
    }
    return {
      write: async (pieces, offset) => {
        const code = step('write')
        const full = inode.write(Buffer.concat(pieces), { offset, failing: code !== undefined })
        if (code ?? full) throw errorOf(code ?? full ?? '', `write ${path}`)
      },
      read: async (target, offset) => {
        guard('read')
        return inode.read(target, offset)
      },
      datasync: async () => {
        const code = step('datasync')
        if (code === undefined) return inode.sync()
        inode.failSync({ power })
        throw errorOf(code, `datasync ${path}`)
      },
      truncate: async (bytes) => {
        guard('truncate')
        inode.truncate(bytes)
      },
      size: async () => {
        guard('size')
        return inode.size()
      },
      close: async () => guard('close'),
    }
  }

  return {
    open: async (path: string, mode: OpenMode) => {
      refuse(mode === 'create' ? 'create' : 'open', path)
      if (mode !== 'create') return fileOf(inodeAt(path), path)
      if (names.has(path)) throw errorOf('EEXIST', path)
      const inode = content.create()
      change({ kind: 'link', path, inode })
      return fileOf(inode, path)
    },
    unlink: async (path) => {
      refuse('unlink', path)
      inodeAt(path)
      change({ kind: 'unlink', path })
    },
    rename: async (paths) => {
      refuse('rename', paths.from)
      inodeAt(paths.from)
      change({ kind: 'rename', ...paths })
    },
    list: async (directory) => {
      refuse('list', directory)
      return [...names.keys()].filter((path) => dirname(path) === directory).map((path) => basename(path)) // biome-ignore format: one thought
    },
    syncDirectory: async (directory) => {
      refuse('syncDirectory', directory)
      const mine = (it: NameChange) => dirname(it.kind === 'rename' ? it.to : it.path) === directory
      for (const done of nameChanges.filter(mine)) applyName(durableNames, done)
      nameChanges = nameChanges.filter((it) => !mine(it))
    },
    makeDirectory: async (directory) => refuse('makeDirectory', directory),
    crash: () => {
      for (const done of survivors(chance, nameChanges)) applyName(durableNames, done)
      nameChanges = []
      names = new Map(durableNames)
      for (const inode of content.all()) inode.crash()
      durableNames = new Map(names)
      kill()
    },
    kill: () => kill(),
    stopAt: (operation) => {
      stopIn = operation
    },
    changes: () => changes,
    failNext: (operation, code, times = 1) => {
      faults.set(operation, [...(faults.get(operation) ?? []), ...Array(times).fill(code)])
    },
    flipBit: ({ path, offset, bit }) => inodeAt(path).flipBit({ offset, bit }),
    contents: (path) => inodeAt(path).contents(),
    place: (path, bytes) => {
      const inode = content.create()
      inode.write(Buffer.from(bytes), { offset: 0, failing: false })
      inode.sync()
      names.set(path, inode)
      durableNames.set(path, inode)
    },
    paths: () => [...names.keys()].sort(),
    setCapacity: (bytes) => {
      capacityBytes = bytes
    },
    count: (operation) => counts.get(operation) ?? 0,
  }
}

const applyName = (names: Map<string, Inode>, done: NameChange): void => {
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

const errorOf = (code: string, what: string): Error =>
  Object.assign(new Error(`${code}: ${what}`), { code })
