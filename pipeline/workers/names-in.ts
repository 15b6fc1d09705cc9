import { readdir } from 'node:fs/promises'
import { codeOf } from '../../infra/disk/filesystem.ts'

/** Of a folder that need not be there. */
export const namesIn = async (directory: string): Promise<readonly string[]> => {
  try {
    return await readdir(directory)
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return []
    throw cause
  }
}
