/** What a process and those that it has started have used so far, as Linux counts it. */
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'

export type Cost = {
  /** User and system, of all its threads. */
  readonly cpuSeconds: number
  /** The part of it that is not the system's. */
  readonly userSeconds: number
  /**
   * The most that was ever resident, the pages of files that it maps included; of several processes
   * the sum, in which pages that they share count for each.
   */
  readonly peakMegabytes: number
  /** Sent to the storage layer; a file that was deleted before counts all the same. */
  readonly bytesWritten: number
}

const kibibytesPerMegabyte = 1_000_000 / 1024

/** @throws ENOENT where there is no /proc, or the process has ended. */
export const costOf = async (pid: number): Promise<Cost> => {
  const costs = await Promise.all([ownCostOf(pid), ...(await childrenOf(pid)).map(costOf)])
  const sum = (of: keyof Cost): number => costs.reduce((total, cost) => total + cost[of], 0)
  return {
    cpuSeconds: sum('cpuSeconds'),
    userSeconds: sum('userSeconds'),
    peakMegabytes: sum('peakMegabytes'),
    bytesWritten: sum('bytesWritten'),
  }
}

/** The processes that its first thread has started and that have not ended. @throws as above */
export const childrenOf = async (pid: number): Promise<readonly number[]> => {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'latin1')
  return children
    .split(' ')
    .filter((it) => it !== '')
    .map(Number)
}

/** What is resident now, of the process alone, pages of files that it maps included. @throws as above */
export const residentMegabytesOf = async (pid: number): Promise<number> =>
  numberAfter(await readFile(`/proc/${pid}/status`, 'latin1'), 'VmRSS:') / kibibytesPerMegabyte

const ownCostOf = async (pid: number): Promise<Cost> => {
  const [stat, status, io, ticksPerSecond] = await Promise.all([
    readFile(`/proc/${pid}/stat`, 'latin1'),
    readFile(`/proc/${pid}/status`, 'latin1'),
    readFile(`/proc/${pid}/io`, 'latin1'),
    clockTicks(),
  ])
  // The name of a process may have spaces and brackets; what follows its last bracket has neither.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [userTicks, systemTicks] = [Number(fields[11]), Number(fields[12])]
  return {
    cpuSeconds: (userTicks + systemTicks) / ticksPerSecond,
    userSeconds: userTicks / ticksPerSecond,
    peakMegabytes: numberAfter(status, 'VmHWM:') / kibibytesPerMegabyte,
    bytesWritten: numberAfter(io, 'write_bytes:'),
  }
}

const numberAfter = (text: string, name: string): number => {
  const at = text.indexOf(name)
  if (at < 0) throw new Error(`There is no ${name} in ${text.slice(0, 80)}…`)
  return Number.parseInt(text.slice(at + name.length), 10)
}

let ticks: Promise<number> | null = null
const clockTicks = (): Promise<number> => {
  ticks ??= promisify(execFile)('getconf', ['CLK_TCK']).then(({ stdout }) => Number(stdout))
  return ticks
}
