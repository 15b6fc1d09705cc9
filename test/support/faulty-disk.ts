/**
 * A disk in memory that does what a real one may do: at a crash it loses, tears and reorders what
 * was not synced; it fails when told to; it is full; it flips bits. The same seed and the same
 * calls give the same disk. Names become durable by `syncDirectory`, content by `datasync`, as the
 * port says.
 */
import type { Filesystem, OpenFile, OpenMode } from '../../infra/disk/filesystem.ts'
import { chanceOf } from './chance.ts'
import { errorOf, type Faults, type Operation, openFaults } from './faulty-faults.ts'
import { type Inode, type Inodes, openInodes } from './faulty-inode.ts'
import { type Names, openNames } from './faulty-names.ts'

export type FaultyDisk = Filesystem & {
  /** The power goes, and comes back: open files are dead, and chance has what was not synced. */
  readonly crash: () => void
  /**
   * The process dies and the machine lives on: open files are dead, and nothing written is lost.
   */
  readonly kill: () => void
  /** The power goes during this changing operation (1: the next), until `crash` or `kill`. */
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
  /** How often an operation was begun. */
  readonly count: (operation: Operation) => number
}

type Parts = {
  readonly faults: Faults
  readonly names: Names
  readonly inodes: Inodes
  life: number
  capacityBytes: number
}

export const openFaultyDisk = (options: { readonly seed: number }): FaultyDisk => {
  const chance = chanceOf(options.seed)
  const names = openNames(chance)
  const roomBytes = (): number =>
    parts.capacityBytes - names.inodes().reduce((sum, { size }) => sum + size(), 0)
  const parts: Parts = {
    faults: openFaults(),
    names,
    inodes: openInodes({ chance, roomBytes }),
    life: 0,
    capacityBytes: Number.POSITIVE_INFINITY,
  }
  return { ...filesystemOf(parts), ...controlsOf(parts) }
}

const filesystemOf = (parts: Parts): Filesystem => {
  const { faults, names, inodes } = parts
  return {
    open: async (path, mode: OpenMode) => {
      attempt(faults, mode === 'create' ? 'create' : 'open', path)
      if (mode !== 'create') return fileOf(parts, inodeAt(names, path), path)
      if (names.at(path) !== undefined) throw errorOf('EEXIST', path)
      const inode = inodes.create()
      names.change({ kind: 'link', path, inode })
      return fileOf(parts, inode, path)
    },
    unlink: async (path) => {
      attempt(faults, 'unlink', path)
      inodeAt(names, path)
      names.change({ kind: 'unlink', path })
    },
    rename: async (paths) => {
      attempt(faults, 'rename', paths.from)
      inodeAt(names, paths.from)
      names.change({ kind: 'rename', ...paths })
    },
    list: async (directory) => {
      attempt(faults, 'list', directory)
      return names.in(directory)
    },
    syncDirectory: async (directory) => {
      attempt(faults, 'syncDirectory', directory)
      names.sync(directory)
    },
    makeDirectory: async (directory) => attempt(faults, 'makeDirectory', directory),
  }
}

const fileOf = (parts: Parts, inode: Inode, path: string): OpenFile => {
  const { faults, life } = parts
  const begin = (operation: Operation): string | undefined => {
    if (life !== parts.life) throw errorOf('EPOWER', `${operation} ${path}, which a crash closed`)
    return faults.begin(operation)
  }
  const attemptHere = (operation: Operation): void => {
    const code = begin(operation)
    if (code !== undefined) throw errorOf(code, `${operation} ${path}`)
  }
  return {
    write: async (pieces, offset) => {
      const code = begin('write')
      const full = inode.write(Buffer.concat(pieces), { offset, failing: code !== undefined })
      const failure = code ?? full
      if (failure !== undefined) throw errorOf(failure, `write ${path}`)
    },
    read: async (target, offset) => {
      attemptHere('read')
      return inode.read(target, offset)
    },
    datasync: async () => {
      const code = begin('datasync')
      if (code === undefined) return inode.sync()
      inode.failSync({ power: faults.power() })
      throw errorOf(code, `datasync ${path}`)
    },
    truncate: async (bytes) => {
      attemptHere('truncate')
      inode.truncate(bytes)
    },
    size: async () => {
      attemptHere('size')
      return inode.size()
    },
    close: async () => attemptHere('close'),
  }
}

const controlsOf = (parts: Parts): Omit<FaultyDisk, keyof Filesystem> => {
  const { faults, names, inodes } = parts
  const kill = (): void => {
    parts.life += 1
    faults.clear()
  }
  return {
    kill,
    crash: () => {
      names.crash()
      for (const inode of inodes.all()) inode.crash()
      kill()
    },
    stopAt: faults.stopAt,
    changes: faults.changes,
    failNext: (operation, code, times = 1) => faults.failNext(operation, code, times),
    flipBit: ({ path, offset, bit }) => inodeAt(names, path).flipBit({ offset, bit }),
    contents: (path) => inodeAt(names, path).contents(),
    place: (path, bytes) => {
      const inode = inodes.create()
      inode.write(Buffer.from(bytes), { offset: 0, failing: false })
      inode.sync()
      names.place(path, inode)
    },
    paths: names.paths,
    setCapacity: (bytes) => {
      parts.capacityBytes = bytes
    },
    count: faults.count,
  }
}

const attempt = (faults: Faults, operation: Operation, what: string): void => {
  const code = faults.begin(operation)
  if (code !== undefined) throw errorOf(code, `${operation} ${what}`)
}

const inodeAt = (names: Names, path: string): Inode => {
  const inode = names.at(path)
  if (inode === undefined) throw errorOf('ENOENT', path)
  return inode
}
