/**
 * Segment ids are never given twice, also when the files that had them are gone. So the highest one
 * stands in the name of an empty file, which is renamed when a segment is created: it costs no
 * space on a full disk, and the sync of the directory that makes the new segment durable covers it.
 */
import { join } from 'node:path'
import type { Filesystem } from '../disk/filesystem.ts'

const namePattern = /^highest-id-(\d{12,16})$/
const nameOf = (id: number): string => `highest-id-${String(id).padStart(12, '0')}`

export const highestIdNamed = (name: string): number | undefined => {
  const [, id] = namePattern.exec(name) ?? []
  return id === undefined ? undefined : Number(id)
}

/** Not durable before the directory is synced. @throws what the filesystem throws. */
export const raiseHighestId = async (
  { filesystem, directory }: { readonly filesystem: Filesystem; readonly directory: string },
  ids: { readonly before: number | undefined; readonly now: number },
): Promise<void> => {
  const to = join(directory, nameOf(ids.now))
  if (ids.before === undefined) return (await filesystem.open(to, 'create')).close()
  return filesystem.rename({ from: join(directory, nameOf(ids.before)), to })
}
