/** One worker as its supervisor knows it: the process, and the next one when it has ended. */
import { type ChildProcess, fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Level, Log } from '../../infra/telemetry/log.ts'
import type { Config } from '../config/config.ts'
import { workerConfig } from './worker-config.ts'
import type { FromWorker, ToWorker } from './worker-messages.ts'

export type Member = {
  readonly worker: number
  /** `waiting`: it has ended, and is started anew after a pause. */
  readonly state: () => MemberState
  /** Of the process that is there; undefined while there is none. */
  readonly pid: () => number | undefined
  readonly restarts: () => number
  /** Where its admin API is, while it is up. */
  readonly admin: () => AdminPlace | undefined
  readonly hand: (socket: Socket) => void
  /** Connections that it was handed and has not closed yet. */
  readonly connections: () => number
  /** Whether it can be handed one more now. */
  readonly takes: () => boolean
  /** Resolves once it is up for the first time; rejects when it ended instead. */
  readonly started: Promise<void>
  /** Resolves with its exit status, null where a signal has ended it. It is not started again. */
  readonly stop: (why: string) => Promise<number | null>
  readonly kill: () => void
}
export type MemberState = 'starting' | 'up' | 'waiting' | 'stopping' | 'ended'
export type AdminPlace = { readonly url: string; readonly token: string }

/** Connections on their way: a worker whose event loop is blocked is handed no more than these. */
const inHandMax = 128
const pauseMs = { initial: 200, max: 30_000 }
const failuresQuietMax = 3
/** Whoever was up for so long did not fail at its start: the next pause is a short one again. */
const steadyMs = 60_000

export const openMember = (given: {
  readonly worker: number
  readonly config: Config
  readonly level: Level
  readonly log: Log
  /** Called each time it is up. */
  readonly isUp: () => void
}): Member => {
  const { worker, level, log } = given
  const token = randomBytes(32).toString('base64url')
  const config = workerConfig(given.config, { worker, token })
  const started = Promise.withResolvers<void>()
  const ended = Promise.withResolvers<number | null>()
  let state: MemberState = 'starting'
  let child: ChildProcess | undefined
  let admin: AdminPlace | undefined
  let restarts = 0
  let failures = 0
  let timer: NodeJS.Timeout | undefined
  const inHand = new Set<Socket>()
  let connections = 0

  const begin = (): void => {
    state = 'starting'
    const process = fork(entry, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
    child = process
    let upAtMs = Number.POSITIVE_INFINITY
    process.on('message', (message: FromWorker) => {
      if (child !== process) return
      if (message.type === 'connection.closed') {
        connections = Math.max(0, connections - 1)
        return
      }
      // It may have been told to stop meanwhile: then it is no more to be used.
      if (state !== 'starting') return
      state = 'up'
      upAtMs = performance.now()
      admin = { url: message.admin, token }
      started.resolve()
      given.isUp()
    })
    process.on('error', (error) => {
      log.error('worker.failed', 'A worker could not be started, or be told something.', {
        worker,
        error,
      })
      // One that could not be started has no exit.
      if (process.pid === undefined) over(null)
    })
    process.once('exit', (status, signal) => over(status, signal))
    const over = (status: number | null, signal: NodeJS.Signals | null = null): void => {
      child = undefined
      admin = undefined
      for (const socket of inHand) socket.destroy()
      inHand.clear()
      connections = 0
      if (state === 'stopping') {
        state = 'ended'
        ended.resolve(status)
        return
      }
      if (restarts === 0 && upAtMs === Number.POSITIVE_INFINITY) {
        state = 'ended'
        ended.resolve(status)
        started.reject(new WorkerEndedError(worker, signal ?? `status ${status}`))
        return
      }
      if (performance.now() - upAtMs > steadyMs) failures = 0
      const afterMs = Math.min(pauseMs.max, pauseMs.initial * 2 ** failures)
      failures += 1
      state = 'waiting'
      // One that does not come back by itself needs a person.
      const write = failures > failuresQuietMax ? log.error : log.warn
      write(
        'worker.ended',
        `A worker has ended; it is started again in ${afterMs} ms. What it had accepted is on disk.`,
        { worker, status, signal },
      )
      timer = setTimeout(() => {
        restarts += 1
        begin()
      }, afterMs)
    }
    tell(process, { type: 'start.asked', worker, config, level })
  }
  begin()
  return {
    worker,
    started: started.promise,
    state: () => state,
    pid: () => child?.pid,
    restarts: () => restarts,
    admin: () => (state === 'up' ? admin : undefined),
    connections: () => connections,
    takes: () => state === 'up' && inHand.size < inHandMax,
    hand: (socket) => {
      if (child?.connected !== true) {
        socket.destroy()
        return
      }
      inHand.add(socket)
      connections += 1
      const message: ToWorker = { type: 'connection.handed' }
      child.send(message, socket, { keepOpen: false }, (error) => {
        inHand.delete(socket)
        if (error !== null) socket.destroy()
      })
    },
    stop: (why) => {
      clearTimeout(timer)
      if (child === undefined) {
        // Nothing is under way in a worker that is not there.
        state = 'ended'
        ended.resolve(0)
      } else if (state !== 'stopping') {
        state = 'stopping'
        tell(child, { type: 'stop.asked', why })
      }
      return ended.promise
    },
    kill: () => {
      child?.kill('SIGKILL')
    },
  }
}

/** A worker that has gone is seen by its exit. */
const tell = (child: ChildProcess, message: ToWorker): void => {
  if (child.connected) child.send(message)
}

/** As it is run from its sources, or as it was built. */
const entry = fileURLToPath(new URL(`./worker${extname(import.meta.url)}`, import.meta.url))

class WorkerEndedError extends Error {
  override readonly name = 'WorkerEndedError'
  readonly code = 'worker_ended'

  constructor(worker: number, how: string) {
    super(
      `Worker ${worker} has ended while it was starting (${how}); its own lines in the log say why. The others are stopped.`,
    )
  }
}
