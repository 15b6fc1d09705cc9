/**
 * One process owns a data directory. Each contender puts a file there whose name says who it is,
 * and then looks whether another living process has done the same; if so, it takes its own away
 * again. Two that come at once may both be refused, but never both let in. A process that was
 * killed leaves a file behind that names the dead: the next one removes it.
 *
 * Who is alive is asked of this machine's process table, so a directory that two machines mount, or
 * two containers that do not see one another's processes, is not protected.
 */

import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { codeOf } from './filesystem.ts'

/** Ends the ownership. Idempotent. */
export type Lock = { readonly release: () => Promise<void> }

export class LockError extends Error {
  override readonly name = 'LockError'
  readonly code = 'locked'
  readonly pid: number

  constructor(directory: string, pid: number) {
    super(
      `Locking the data directory ${directory} failed: process ${pid} owns it and is running. ` +
        `Nothing was changed. Stop that process, or give this one a data_dir of its own.`,
    )
    this.pid = pid
  }
}

/** Files that this very process has put somewhere: its own name must not look like its leftover. */
const ours = new Set<string>()

/** @throws {LockError} when a living process owns the directory. */
export const lockDirectory = async (directory: string): Promise<Lock> => {
  await mkdir(directory, { recursive: true })
  const owner = { pid: process.pid, life: await lifeOf(process.pid) }
  const path = resolve(directory, nameOf(owner))
  if (ours.has(path)) throw new LockError(directory, process.pid)
  ours.add(path)
  const release = async (): Promise<void> => {
    await rm(path, { force: true })
    ours.delete(path)
  }
  try {
    await writeFile(path, '')
    for (const name of await readdir(directory)) {
      const other = ownerIn(name)
      if (other === undefined || resolve(directory, name) === path) continue
      if (!(await hasEnded(other))) throw new LockError(directory, other.pid)
      await rm(join(directory, name), { force: true })
    }
  } catch (cause) {
    await release()
    throw cause
  }
  return { release }
}

/** A process, and what tells it from another that got the same number later. */
type Owner = { readonly pid: number; readonly life: string }

const nameOf = ({ pid, life }: Owner): string => `lock-${pid}-${life}`

const ownerIn = (name: string): Owner | undefined => {
  const [, pid, life] = /^lock-(\d+)-(\w+)$/.exec(name) ?? []
  return pid === undefined || life === undefined ? undefined : { pid: Number(pid), life }
}

/** A process that was killed may still be waiting for its disk: its end is waited for, for a while. */
const hasEnded = async (owner: Owner): Promise<boolean> => {
  for (let waitedMs = 0; await isAlive(owner); waitedMs += lookAgainMs) {
    if (waitedMs >= endingMsMax) return false
    await delay(lookAgainMs)
  }
  return true
}
const endingMsMax = 5_000
const lookAgainMs = 100

const isAlive = async ({ pid, life }: Owner): Promise<boolean> => {
  try {
    process.kill(pid, 0)
  } catch (cause) {
    // EPERM: it lives, and belongs to somebody else.
    if (codeOf(cause) === 'ESRCH') return false
    if (codeOf(cause) !== 'EPERM') throw cause
  }
  // Where nothing is known of its start, a process with that number is taken to be the owner.
  const [now, then] = [await lifeOf(pid), life]
  if (now === lifeEnded) return false
  return now === then || now === lifeUnknown || then === lifeUnknown
}

const lifeUnknown = '0'
/** Of a process that is dead, and of which nobody has taken note yet: a zombie. */
const lifeEnded = 'ended'

/**
 * When a process was started: the boot of the machine and the clock ticks since, where `/proc`
 * tells.
 */
const lifeOf = async (pid: number): Promise<string> => {
  try {
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8')
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
    // The command's name comes second, in parentheses, and may hold anything; the start is the
    // 22nd.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (fields[0] === 'Z' || fields[0] === 'X') return lifeEnded
    const ticks = fields[19] ?? lifeUnknown
    return `${boot.replaceAll('-', '').slice(0, 12)}x${ticks}`
  } catch (cause) {
    if (['ENOENT', 'ESRCH', 'EACCES', 'ENOTDIR'].includes(codeOf(cause) ?? '')) return lifeUnknown
    throw cause
  }
}
