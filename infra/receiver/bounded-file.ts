import { appendFile, mkdir, rename, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Appends to a file that has a bound: what is beyond it starts the file anew, and the file before it is
 * kept as `.1`. One writer at a time.
 * @throws {NodeJS.ErrnoException} what the file system says.
 */
export const appendBounded = async (
  file: { readonly path: string; readonly bytesMax: number },
  text: string,
): Promise<void> => {
  const bytes = await sizeOf(file.path)
  if (bytes === undefined) await mkdir(dirname(file.path), { recursive: true })
  else if (bytes > 0 && bytes + Buffer.byteLength(text) > file.bytesMax)
    await rename(file.path, olderOf(file.path))
  await appendFile(file.path, text)
}

export const olderOf = (path: string): string => `${path}.1`

const sizeOf = async (path: string): Promise<number | undefined> => {
  try {
    return (await stat(path)).size
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined
    throw cause
  }
}
