/** The content of a file on the faulty disk: what a reader sees, and what would survive a crash. */
import type { Chance } from './chance.ts'

export type Inode = {
  /** Answers `ENOSPC` when not all of it fitted. A failing write leaves a part behind. */
  readonly write: (
    bytes: Buffer,
    how: { readonly offset: number; readonly failing: boolean },
  ) => 'ENOSPC' | undefined
  /** Answers the bytes read. */
  readonly read: (target: Uint8Array, offset: number) => number
  readonly truncate: (bytes: number) => void
  readonly size: () => number
  readonly contents: () => Buffer
  readonly sync: () => void
  /** As after a failed fsync: what was dirty counts as clean, whatever of it is on the disk. */
  readonly failSync: (at: { readonly power: 'on' | 'off' }) => void
  readonly crash: () => void
  readonly flipBit: (place: { readonly offset: number; readonly bit: number }) => void
}

/** A disk writes a sector whole or not at all. */
const sectorBytes = 512

/** Content that grows. */
type Store = { bytes: Buffer; size: number }
type Change =
  | { readonly kind: 'write'; readonly offset: number; readonly bytes: Buffer }
  | { readonly kind: 'truncate'; readonly bytes: number }

export type Inodes = { readonly create: () => Inode; readonly all: () => readonly Inode[] }
/** What an inode needs of its disk; `roomBytes` may be less than 0. */
type Disk = { readonly chance: Chance; readonly roomBytes: () => number }

export const openInodes = (disk: Disk): Inodes => {
  const all: Inode[] = []
  return {
    all: () => all,
    create: () => {
      const inode = newInode(disk)
      all.push(inode)
      return inode
    },
  }
}

const newInode = ({ chance, roomBytes }: Disk): Inode => {
  let seen: Store = { bytes: Buffer.alloc(0), size: 0 }
  const durable: Store = { bytes: Buffer.alloc(0), size: 0 }
  let pending: Change[] = []

  const change = (done: Change): void => {
    apply(seen, done)
    pending.push(done)
  }
  const persistSome = (): void => {
    for (const part of survivingParts(chance, pending)) apply(durable, part)
    pending = []
  }
  return {
    write: (bytes, { offset, failing }) => {
      const room = Math.max(0, roomBytes())
      const fitting = Math.max(0, Math.min(bytes.length, seen.size + room - offset))
      const written = failing ? chance.below(fitting + 1) : fitting
      const kept = Buffer.from(bytes.subarray(0, written))
      if (written > 0) change({ kind: 'write', offset, bytes: kept })
      return written < bytes.length && !failing ? 'ENOSPC' : undefined
    },
    read: (target, offset) => {
      const end = Math.min(seen.size, offset + target.length)
      if (end <= offset) return 0
      target.set(seen.bytes.subarray(offset, end))
      return end - offset
    },
    truncate: (bytes) => change({ kind: 'truncate', bytes }),
    size: () => seen.size,
    contents: () => Buffer.from(seen.bytes.subarray(0, seen.size)),
    sync: () => {
      for (const done of pending) apply(durable, done)
      pending = []
    },
    failSync: ({ power }) => {
      // With the power gone the next crash decides, once, what of it is on the disk.
      if (power === 'on') persistSome()
    },
    crash: () => {
      persistSome()
      seen = { bytes: Buffer.from(durable.bytes), size: durable.size }
    },
    flipBit: ({ offset, bit }) => {
      for (const { bytes, size } of [seen, durable]) {
        if (offset < size) bytes[offset] = (bytes[offset] ?? 0) ^ (1 << bit)
      }
    },
  }
}

const apply = (store: Store, done: Change): void => {
  const end = done.kind === 'write' ? done.offset + done.bytes.length : done.bytes
  if (end > store.bytes.length) {
    const larger = Buffer.alloc(Math.max(end, 2 * store.bytes.length))
    store.bytes.copy(larger, 0, 0, store.size)
    store.bytes = larger
  }
  if (done.kind === 'write') {
    done.bytes.copy(store.bytes, done.offset)
    store.size = Math.max(store.size, end)
    return
  }
  if (end < store.size) store.bytes.fill(0, end, store.size)
  store.size = end
}

/** All, none, the first ones with one torn, or any sectors of any of them. */
const survivingParts = (chance: Chance, pending: readonly Change[]): readonly Change[] => {
  const fate = chance.below(4)
  if (fate === 0) return pending
  if (fate === 1) return []
  if (fate === 2) {
    const whole = chance.below(pending.length + 1)
    const next = pending[whole]
    return [...pending.slice(0, whole), ...(next === undefined ? [] : torn(chance, next))]
  }
  return pending.flatMap((done) => sectorsOf(done).filter(() => chance.oneIn(2)))
}

const torn = (chance: Chance, done: Change): readonly Change[] => {
  if (done.kind === 'truncate') return []
  const bytes = done.bytes.subarray(0, chance.below(done.bytes.length))
  return bytes.length === 0 ? [] : [{ ...done, bytes }]
}

const sectorsOf = (done: Change): readonly Change[] => {
  if (done.kind === 'truncate') return [done]
  const sectors: Change[] = []
  for (let at = 0; at < done.bytes.length; ) {
    const end = Math.min(done.bytes.length, at + sectorBytes - ((done.offset + at) % sectorBytes))
    sectors.push({ kind: 'write', offset: done.offset + at, bytes: done.bytes.subarray(at, end) })
    at = end
  }
  return sectors
}
