/** The processes of a measurement. Each is ended with the one that started it. */
import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'

const readyMsMax = 20_000
const stopMsMax = 15_000
const probeMs = 50
/** Lines of a subject that are kept to tell why it has failed. */
const linesKeptMax = 10

export type Worker<Order, Answer> = {
  readonly pid: number
  /**
   * Resolves with the next answer. One order at a time.
   * @param progressed is told now and then how many requests are done
   */
  readonly ask: (order: Order, progressed?: (requests: number) => void) => Promise<Answer>
  readonly stop: () => Promise<void>
}

/** What a worker says in between. */
export type Halfway = { readonly type: 'halfway'; readonly requests: number }

/** Starts the loader or the sink. @param name of a file in this folder */
export const startWorker = <Order extends object, Answer>(name: string): Worker<Order, Answer> => {
  const child = fork(join(import.meta.dirname, name), [], { stdio: 'inherit' })
  const exited = once(child, 'exit')
  return {
    pid: child.pid ?? -1,
    ask: async (order, progressed) => {
      child.send(order)
      return Promise.race([
        answered<Answer>(child, progressed),
        exited.then(([status]) => {
          throw new Error(`${name} exited with ${status} while it was to ${JSON.stringify(order)}`)
        }),
      ])
    },
    stop: () => stopped(child, exited),
  }
}

/** One listener for all of them: messages that come together would pass by one that is set anew. */
const answered = <Answer>(
  child: ChildProcess,
  progressed: (requests: number) => void = () => undefined,
): Promise<Answer> => {
  const { promise, resolve } = Promise.withResolvers<Answer>()
  const hear = (message: unknown): void => {
    if (isHalfway(message)) progressed(message.requests)
    else {
      child.off('message', hear)
      resolve(message as Answer)
    }
  }
  child.on('message', hear)
  return promise
}
const isHalfway = (message: unknown): message is Halfway =>
  typeof message === 'object' && message !== null && 'type' in message && message.type === 'halfway'

/** Programs that run now: whatever ends this process ends them. */
const programs = new Set<ChildProcess>()
process.on('exit', () => {
  for (const program of programs) program.kill('SIGKILL')
})
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
  process.on(signal, () => process.exit(1))

export type Started = {
  readonly pid: number
  /** Resolves when it has ended, however it came about. */
  readonly exited: Promise<unknown>
  readonly stop: () => Promise<void>
}

/**
 * Starts a program and waits until it listens.
 * @param ready `line`: it says so in JSON, on the first line of its stdout; else it is tried, on a port
 */
export const startProgram = async (
  command: string,
  words: readonly string[],
  ready: 'line' | { readonly port: number },
): Promise<Started & { readonly ready: unknown }> => {
  const child = spawn(command, words, { stdio: ['ignore', 'pipe', 'pipe'] })
  programs.add(child)
  const exited = once(child, 'exit').finally(() => programs.delete(child))
  const lines: string[] = []
  const keep = (line: string): void => {
    lines.push(line)
    if (lines.length > linesKeptMax) lines.shift()
  }
  createInterface({ input: child.stderr }).on('line', keep)
  const output = createInterface({ input: child.stdout }).on('line', keep)
  const failure = (what: string): Error =>
    new Error(`${command} ${words.join(' ')} ${what}. It said last:\n${lines.join('\n')}`)
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(), readyMsMax)
  try {
    const said = await Promise.race([
      ready === 'line'
        ? once(output, 'line', { signal: late.signal }).then(([line]) => JSON.parse(line))
        : listens(ready.port, late.signal),
      exited.then(([status]) => {
        throw failure(`exited with ${status}`)
      }),
    ])
    return { pid: child.pid ?? -1, exited, ready: said, stop: () => stopped(child, exited) }
  } catch (cause) {
    await stopped(child, exited)
    throw late.signal.aborted ? failure('did not get ready') : cause
  } finally {
    clearTimeout(timer)
    late.abort()
  }
}

/** Resolves once somebody listens there. @throws when `signal` says that it is too late */
const listens = async (port: number, signal: AbortSignal): Promise<void> => {
  for (;;) {
    signal.throwIfAborted()
    const socket = connect(port, '127.0.0.1')
    const answer = await Promise.race([
      once(socket, 'connect').then(() => 'listens' as const),
      once(socket, 'close').then(() => 'refused' as const),
    ]).catch(() => 'refused' as const)
    socket.destroy()
    if (answer === 'listens') return
    await pause(probeMs, undefined, { signal })
  }
}

const stopped = async (child: ChildProcess, exited: Promise<unknown>): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), stopMsMax)
  await exited
  clearTimeout(timer)
}
