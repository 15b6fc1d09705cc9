/**
 * Bounds what a subject may use of the CPU, by control groups of Linux: so cores are left for those who
 * send and receive on the same machine, and what the subject can do with its share is seen. A process that
 * is bounded stands still for the rest of a period, with all of its threads, once it has used its quota.
 */
import { access, constants, mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { childrenOf } from './process-cost.ts'
import type { Subject } from './subject.ts'

/** Short beside the time that a client waits, so that a share of a core is like a slower core. */
const periodUs = 20_000
const prefix = 'holdfast-bench-'
export const controlGroups = '/sys/fs/cgroup'

export class NoQuotaError extends Error {
  override readonly name = 'NoQuotaError'
}

export type Quotas = {
  /** @throws {NoQuotaError} when the group cannot be written, or the process has ended */
  readonly bound: (pid: number, cores: number) => Promise<void>
  /** Removes the groups; whoever was in one must have ended. */
  readonly release: () => Promise<void>
}

/**
 * @param root where control groups are mounted, of version 1 or 2
 * @throws {NoQuotaError} where there are none, or none that can be written
 */
export const openQuotas = async (root: string = controlGroups): Promise<Quotas> => {
  const { folder, words } = await hierarchyIn(root)
  await access(folder, constants.W_OK).catch((cause: unknown) => refuse(folder, cause))
  await removeLeftOver(folder)
  const groups: string[] = []
  return {
    bound: async (pid, cores) => {
      const group = join(folder, `${prefix}${process.pid}-${pid}`)
      try {
        await mkdir(group)
        groups.push(group)
        for (const [file, text] of words(cores)) await writeFile(join(group, file), text)
        await writeFile(join(group, 'cgroup.procs'), String(pid))
      } catch (cause) {
        refuse(group, cause)
      }
    },
    release: async () => {
      for (const group of groups.splice(0)) await removed(group)
    },
  }
}

/** Those whom a supervisor has started may end a moment after it. */
const removed = async (group: string): Promise<void> => {
  for (let attempt = 1; ; attempt += 1)
    try {
      return await rmdir(group)
    } catch (cause) {
      if (attempt === attemptsMax) return refuse(group, cause)
      await pause(attemptMs)
    }
}
const attemptsMax = 100
const attemptMs = 20

type Hierarchy = {
  readonly folder: string
  readonly words: (cores: number) => readonly (readonly [file: string, text: string])[]
}

const hierarchyIn = async (root: string): Promise<Hierarchy> => {
  const quotaUs = (cores: number): number => Math.round(cores * periodUs)
  const controllers = await textOf(join(root, 'cgroup.controllers'))
  if (controllers?.split(/\s/).includes('cpu')) {
    const asked = join(root, 'cgroup.subtree_control')
    await writeFile(asked, '+cpu').catch((cause: unknown) => refuse(asked, cause))
    return { folder: root, words: (cores) => [['cpu.max', `${quotaUs(cores)} ${periodUs}`]] }
  }
  const first = join(root, 'cpu')
  if ((await textOf(join(first, 'cgroup.procs'))) === undefined)
    refuse(root, 'neither version 1 nor 2 bounds the CPU there')
  return {
    folder: first,
    words: (cores) => [
      ['cpu.cfs_period_us', String(periodUs)],
      ['cpu.cfs_quota_us', String(quotaUs(cores))],
    ],
  }
}

const refuse = (where: string, cause: unknown): never => {
  const seen = cause instanceof Error ? cause.message : String(cause)
  throw new NoQuotaError(
    `The CPU was to be bounded by a control group at ${where}: ${seen}. ` +
      'It takes Linux and the right to write there, which root has. Nothing is measured without the bound.',
  )
}

const textOf = async (file: string): Promise<string | undefined> => {
  try {
    return await readFile(file, 'latin1')
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined
    return refuse(file, cause)
  }
}

/** A measurement that was killed could not remove its groups. */
const removeLeftOver = async (folder: string): Promise<void> => {
  for (const name of await readdir(folder)) {
    const pid = Number(new RegExp(`^${prefix}(\\d+)-\\d+$`).exec(name)?.[1])
    if (Number.isNaN(pid) || isAlive(pid)) continue
    await rmdir(join(folder, name)).catch((cause: unknown) => refuse(join(folder, name), cause))
  }
}

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch (cause) {
    return !(cause instanceof Error && 'code' in cause && cause.code === 'ESRCH')
  }
}

/**
 * The same subject with so much of a core for each process that carries records: where it has started
 * others, as a supervisor does, these are bounded, each by itself, and it is not. They are bounded once they
 * listen: a start is no part of what is measured.
 */
export const bounded = (subject: Subject, quotas: Quotas, cores: number): Subject => ({
  ...subject,
  start: async (at) => {
    const running = await subject.start(at)
    const stop = async (): Promise<void> => {
      await running.stop()
      await quotas.release()
    }
    try {
      const children = await childrenOf(running.pid)
      for (const pid of children.length === 0 ? [running.pid] : children)
        await quotas.bound(pid, cores)
      return { ...running, stop }
    } catch (cause) {
      await stop()
      throw cause
    }
  },
})
