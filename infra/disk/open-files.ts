import type { Filesystem, OpenFile } from './filesystem.ts'

/** Files that are open for reading: a bounded number of them stays open between reads. */
export type OpenFiles = {
  /** @throws what opening and `task` throw; ENOENT when there is no such file. */
  readonly use: <T>(path: string, task: (file: OpenFile) => Promise<T>) => Promise<T>
  /** Closes a file once nobody reads it any more. */
  readonly forget: (path: string) => Promise<void>
  readonly close: () => Promise<void>
}

type Entry = { readonly file: Promise<OpenFile>; users: number; state: 'kept' | 'forgotten' }

export const openFilesMax = 64

export const openFiles = (filesystem: Filesystem): OpenFiles => {
  /** In order of use, the least recent first. */
  const entries = new Map<string, Entry>()

  const forget = async (path: string): Promise<void> => {
    const entry = entries.get(path)
    if (entry === undefined) return
    entries.delete(path)
    entry.state = 'forgotten'
    if (entry.users === 0) await (await entry.file).close()
  }
  const makeRoom = async (): Promise<void> => {
    if (entries.size <= openFilesMax) return
    const idle = [...entries].find(([, { users }]) => users === 0)
    if (idle !== undefined) await forget(idle[0])
  }
  const enter = (path: string): Entry => {
    const entry = entries.get(path) ?? {
      file: filesystem.open(path, 'read'),
      users: 0,
      state: 'kept',
    }
    entries.delete(path)
    entries.set(path, entry)
    entry.users += 1
    return entry
  }

  return {
    use: async (path, task) => {
      const entry = enter(path)
      let file: OpenFile
      try {
        file = await entry.file
      } catch (cause) {
        if (entries.get(path) === entry) entries.delete(path)
        throw cause
      }
      try {
        return await task(file)
      } finally {
        entry.users -= 1
        if (entry.state === 'forgotten' && entry.users === 0) await file.close()
        await makeRoom()
      }
    },
    forget,
    close: async () => {
      for (const path of [...entries.keys()]) await forget(path)
    },
  }
}
