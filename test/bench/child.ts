/** The processes of a measurement. Each is ended with the one that started it. */
import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const readyMsMax = 20_000
const stopMsMax = 15_000
/** Lines of a subject that are kept to tell why it has failed. */
const linesKeptMax = 10

export type Worker<Order, Answer> = {
  /** Resolves with the next answer. One order at a time. */
  readonly ask: (order: Order) => Promise<Answer>
  readonly stop: () => Promise<void>
}

/** Starts the loader or the sink. @param name of a file in this folder */
export const startWorker = <Order extends object, Answer>(name: string): Worker<Order, Answer> => {
  const child = fork(join(import.meta.dirname, name), [], { stdio: 'inherit' })
  const exited = once(child, 'exit')
  return {
    ask: async (order) => {
      child.send(order)
      return Promise.race([
        once(child, 'message').then(([answer]) => answer as Answer),
        exited.then(([status]) => {
          throw new Error(`${name} exited with ${status} while it was to ${JSON.stringify(order)}`)
        }),
      ])
    },
    stop: () => stopped(child, exited),
  }
}

/** Programs that run now: whatever ends this process ends them. */
const programs = new Set<ChildProcess>()
process.on('exit', () => {
  for (const program of programs) program.kill('SIGKILL')
})
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
  process.on(signal, () => process.exit(1))

export type Started = {
  readonly pid: number
  /** The first line on its stdout, as JSON: that it listens, and where. */
  readonly ready: unknown
  readonly stop: () => Promise<void>
}

/** Starts a program with this Node, and waits until it says that it listens. */
export const startProgram = async (words: readonly string[]): Promise<Started> => {
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'pipe'] })
  programs.add(child)
  const exited = once(child, 'exit').finally(() => programs.delete(child))
  const lines: string[] = []
  createInterface({ input: child.stderr }).on('line', (line) => {
    lines.push(line)
    if (lines.length > linesKeptMax) lines.shift()
  })
  const failure = (what: string): Error =>
    new Error(`${words.join(' ')} ${what}. It said last:\n${lines.join('\n')}`)
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(failure('did not get ready')), readyMsMax)
  try {
    const [line] = await Promise.race([
      once(createInterface({ input: child.stdout }), 'line'),
      exited.then(([status]) => {
        throw failure(`exited with ${status}`)
      }),
      late.promise,
    ])
    return {
      pid: child.pid ?? -1,
      ready: JSON.parse(line),
      stop: () => stopped(child, exited),
    }
  } catch (cause) {
    await stopped(child, exited)
    throw cause
  } finally {
    clearTimeout(timer)
  }
}

const stopped = async (child: ChildProcess, exited: Promise<unknown>): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), stopMsMax)
  await exited
  clearTimeout(timer)
}
