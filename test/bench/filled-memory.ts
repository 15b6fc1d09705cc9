/**
 * Memory as on a machine that has been up for long: no page is free that a file's page could not have
 * been in. A virtual machine may have lent its free memory to its host. There, the first use of a page
 * costs a multiple of what a write to it does, and files that grow would seem to be dear.
 */
import { mkdtemp, open, readFile, rm } from 'node:fs/promises'
import { tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'

export type FilledMemory = {
  /** Fills what has become free. @throws where the system has no `/proc/vmstat` */
  readonly fill: () => Promise<void>
  readonly close: () => Promise<void>
}

const chunkBytes = 16 * 2 ** 20
/** The system has begun to take pages back once it has taken so many: then none is free. */
const takenBackMin = 4_096

/** Reads a file without any content, whose pages the system keeps until it needs them for something else. */
export const openFilledMemory = async (): Promise<FilledMemory> => {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-bench-'))
  const file = await open(join(folder, 'hole'), 'wx+')
  // It is there for as long as it is open, and however that ends.
  await rm(folder, { recursive: true })
  const bytes = Math.ceil(totalmem() / chunkBytes) * chunkBytes
  await file.truncate(bytes)
  const target = Buffer.alloc(chunkBytes)
  /** Behind what was read last, and so what was read longest ago: gone first. */
  let position = 0
  return {
    fill: async () => {
      const before = await takenBack()
      for (let read = 0; read < bytes; read += chunkBytes) {
        if ((await takenBack()) - before > takenBackMin) return
        await file.read(target, 0, chunkBytes, position)
        position = (position + chunkBytes) % bytes
      }
    },
    close: () => file.close(),
  }
}

/** Pages that the system has taken back from files so far. */
const takenBack = async (): Promise<number> => {
  const text = await readFile('/proc/vmstat', 'latin1')
  const counted = [...text.matchAll(/^pgsteal_(?:kswapd|direct) (\d+)$/gm)]
  if (counted.length === 0) throw new Error('/proc/vmstat does not tell what was taken back.')
  return counted.reduce((sum, [, pages]) => sum + Number(pages), 0)
}
