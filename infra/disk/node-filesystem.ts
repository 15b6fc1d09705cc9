import { mkdir, open, readdir, rename, unlink } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { Filesystem, OpenFile, OpenMode } from './filesystem.ts'

const flags: Readonly<Record<OpenMode, string>> = { create: 'wx+', update: 'r+', read: 'r' }

/** The disk of this machine. */
export const nodeFilesystem: Filesystem = {
  open: async (path, mode) => openFile(await open(path, flags[mode])),
  unlink: (path) => unlink(path),
  rename: ({ from, to }) => rename(from, to),
  list: (directory) => readdir(directory),
  syncDirectory: async (directory) => {
    const handle = await open(directory, 'r')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  },
  makeDirectory: async (directory) => {
    const created = await mkdir(directory, { recursive: true })
    if (created === undefined) return
    const topmost = dirname(resolve(created))
    // A new directory is a name in its parent: each parent of a new one is synced, up to the
    // topmost.
    for (let parent = dirname(resolve(directory)); ; parent = dirname(parent)) {
      await nodeFilesystem.syncDirectory(parent)
      if (parent === topmost || parent === dirname(parent)) return
    }
  },
}

type Handle = Awaited<ReturnType<typeof open>>

const openFile = (handle: Handle): OpenFile => ({
  write: async (pieces, offset) => {
    let left: readonly Uint8Array[] = pieces.filter(({ length }) => length > 0)
    let at = offset
    while (left.length > 0) {
      const { bytesWritten } = await handle.writev(left, at)
      if (bytesWritten === 0) throw new Error(`Writing at ${at} stored no bytes and gave no error.`)
      at += bytesWritten
      left = behind(left, bytesWritten)
    }
  },
  read: async (target, offset) => {
    let filled = 0
    while (filled < target.length) {
      const { bytesRead } = await handle.read(
        target,
        filled,
        target.length - filled,
        offset + filled,
      )
      if (bytesRead === 0) return filled
      filled += bytesRead
    }
    return filled
  },
  datasync: () => handle.datasync(),
  truncate: (bytes) => handle.truncate(bytes),
  size: async () => (await handle.stat()).size,
  close: () => handle.close(),
})

/** What is left of the pieces after a number of bytes. */
const behind = (pieces: readonly Uint8Array[], bytes: number): readonly Uint8Array[] => {
  let skip = bytes
  for (const [index, piece] of pieces.entries()) {
    if (skip < piece.length) return [piece.subarray(skip), ...pieces.slice(index + 1)]
    skip -= piece.length
  }
  return []
}
