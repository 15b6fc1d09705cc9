import { type Input, UsageError } from './command.ts'

/** A data directory of several workers has a ring for each: one of them has to be named. */
export const checkWorkers = async (input: Input, directory: string): Promise<void> => {
  const { hasRing, workerFolders } = await import('../workers/former-folders.ts')
  const folders = await workerFolders(directory)
  if (folders.length === 0) return
  const choice = folders.map((folder) => `--dir ${folder}`).join(', ')
  if (!(await hasRing(directory)))
    throw new UsageError(
      `${directory} has a ring for each of several workers; say which: ${choice}.`,
    )
  input.warn(`This is the ring of ${directory} itself; there are others of workers: ${choice}.\n`)
}
