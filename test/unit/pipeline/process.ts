import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { obeyed } from '../../../pipeline/command-line.ts'

const root = join(import.meta.dirname, '../../..')

export type Ended = {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}
export type Started = {
  readonly child: ChildProcess
  /** Resolves with stdout once it holds the text. */
  readonly said: (text: string | RegExp) => Promise<string>
  readonly ended: Promise<Ended>
}

/** A script of ours in a process of its own, as a shell without a terminal would start it. */
export const start = (
  script: string,
  words: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Started => {
  const { PATH } = process.env
  const child = spawn(process.execPath, [join(root, script), ...words], {
    cwd: root,
    env: { PATH, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output = { stdout: '', stderr: '' }
  const listeners = new Set<() => void>()
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text
      for (const listener of listeners) listener()
    })
  return {
    child,
    said: (text) =>
      new Promise((resolve, reject) => {
        const look = () =>
          (typeof text === 'string' ? output.stdout.includes(text) : text.test(output.stdout)) &&
          resolve(output.stdout)
        listeners.add(look)
        child.once('close', () => reject(new Error(`It ended without "${text}": ${output.stderr}`)))
        look()
      }),
    ended: once(child, 'close').then(([status]) => ({ status, ...output })),
  }
}

/** The command line in this process: what a shell would see, without starting one each time. */
export const holdfast = async (
  words: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Ended> => {
  const output = { stdout: '', stderr: '' }
  const status = await obeyed(words, {
    environment,
    print: (text) => {
      output.stdout += text
    },
    warn: (text) => {
      output.stderr += text
    },
  })
  return { status, ...output }
}
