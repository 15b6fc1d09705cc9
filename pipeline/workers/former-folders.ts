/** Rings in a data directory that nobody would read with so many workers as are configured now. */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf } from '../../infra/disk/filesystem.ts'
import { inspectRing } from '../../infra/ring/inspection.ts'
import { CommandError } from '../commands/command.ts'
import { namesIn } from './names-in.ts'
import { untoldIn } from './untold.ts'
import { workerFolder, workerOfFolder } from './worker-config.ts'

export type FormerFolder = {
  readonly directory: string
  /** Accepted, and neither delivered nor dropped. */
  readonly pendingRecords: number
  /** What no webhook has been told yet: notices that wait, and what is still to become one. */
  readonly untold: number
}

export const formerFolders = async (
  directory: string,
  workers: number,
): Promise<readonly FormerFolder[]> => {
  const former: FormerFolder[] = []
  for (const candidate of await candidates(directory, workers))
    if (await hasRing(candidate))
      former.push({
        directory: candidate,
        pendingRecords: await pendingIn(candidate),
        untold: await untoldIn(candidate),
      })
  return former
}

/** Why not to start; undefined where nothing is left behind that anybody waits for. */
export const refusalOf = (former: readonly FormerFolder[], workers: number): string | undefined => {
  const held = former.filter(({ pendingRecords, untold }) => pendingRecords + untold > 0)
  if (held.length === 0) return undefined
  const folders = held
    .map(({ directory, pendingRecords, untold }) => {
      const notices = untold === 0 ? '' : `, ${untold} for webhooks`
      return `${directory} (${pendingRecords} records${notices})`
    })
    .join(', ')
  return `With workers: ${workers}, nobody would send what is held in ${folders}. Nothing was started: go back to the former number of workers until nothing is pending (holdfast ledger, holdfast notices list), or send the records yourself (holdfast cache replay --only pending --dir FOLDER) and move the folder away.`
}

/** Folders of workers in a data directory, in their order. */
export const workerFolders = async (directory: string): Promise<readonly string[]> => {
  const numbers = (await namesOf(directory)).flatMap((name) => workerOfFolder(name) ?? [])
  return numbers.sort((a, b) => a - b).map((worker) => workerFolder(directory, worker))
}

/** It is the first look at the data directory, so what is wrong with that shows here. */
const namesOf = async (directory: string): Promise<readonly string[]> => {
  try {
    return await namesIn(directory)
  } catch (cause) {
    const why = codeOf(cause) === 'ENOTDIR' ? 'it is no folder' : codeOf(cause)
    throw new CommandError(
      `The data directory ${directory} cannot be read: ${why}. Nothing was started: choose another data_dir, or let this process read it.`,
      { cause },
    )
  }
}

const candidates = async (directory: string, workers: number): Promise<readonly string[]> => {
  const known = new Set(
    workers === 1
      ? [directory]
      : Array.from({ length: workers }, (_, worker) => workerFolder(directory, worker)),
  )
  return [directory, ...(await workerFolders(directory))].filter((folder) => !known.has(folder))
}

export const hasRing = async (directory: string): Promise<boolean> => {
  try {
    return (await stat(join(directory, 'ring'))).isDirectory()
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return false
    throw cause
  }
}

const pendingIn = async (directory: string): Promise<number> => {
  let records = 0
  for await (const { streams } of inspectRing(directory))
    records += streams.reduce((sum, { pendingRecords }) => sum + pendingRecords, 0)
  return records
}
