/** Programs that are not part of the product, where `infra/peers/` has put them. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { until } from './holdfast-process.ts'

const folder =
  process.env['HOLDFAST_PEERS'] ??
  join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'holdfast-peers/bin')

export const peerPath = (name: string): string => join(folder, name)
/** Why a test that needs it is left out; false where it is there. */
export const isAbsent = (name: string): string | false =>
  existsSync(peerPath(name)) ? false : `left out: no ${name}; infra/peers/${name}.sh brings it`

/** A port that was free a moment ago, for programs that cannot take port 0 and say which it became. */
export const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

export type Peer = {
  /** What it wrote, its last words if it has died. */
  readonly said: () => string
  readonly stop: () => Promise<void>
}

/** Starts a program, and waits until it answers HTTP at an address. */
export const startPeer = async (
  name: string,
  { words, answersAt }: { readonly words: readonly string[]; readonly answersAt: string },
): Promise<Peer & AsyncDisposable> => {
  const child: ChildProcess = spawn(peerPath(name), words, { stdio: ['ignore', 'pipe', 'pipe'] })
  const chunks: string[] = []
  child.stdout?.on('data', (chunk) => chunks.push(String(chunk)))
  child.stderr?.on('data', (chunk) => chunks.push(String(chunk)))
  const said = (): string => chunks.join('')
  const exited = once(child, 'close')
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
    await exited
  }
  try {
    await until(
      async () => {
        if (child.exitCode !== null) throw new Error(`${name} exited: ${said()}`)
        return fetch(answersAt).then(
          () => true,
          () => false,
        )
      },
      (answers) => answers,
    )
  } catch (cause) {
    await stop()
    throw cause
  }
  return { said, stop, [Symbol.asyncDispose]: stop }
}
