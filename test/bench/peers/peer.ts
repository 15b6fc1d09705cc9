/** What a user might run instead, at its most durable setting, where that can be had. */
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { startProgram } from '../child.ts'
import type { Subject } from '../subject.ts'

export type Peer = Pick<Subject, 'name' | 'durability' | 'speaks'> & {
  readonly program: string
  /** How it comes to be there. */
  readonly origin: string
  readonly words: (files: { readonly config: string; readonly folder: string }) => readonly string[]
  readonly config: (at: {
    /** Of this subject alone; `queue` in it is there already. */
    readonly folder: string
    readonly port: number
    readonly sink: URL
  }) => string
}

export const fromPackages = 'npm run bench:peers brings it'
export const fromPath = 'it is measured where it is on the PATH'

/** @param path of its program */
export const subjectOf = (
  { name, durability, speaks, words, config: textOf }: Peer,
  path: string,
): Subject => ({
  name,
  durability,
  speaks,
  start: async ({ folder, sinkUrl }) => {
    const port = await freePort()
    // By the ending, some of them know what it is written in.
    const config = join(folder, 'config.yaml')
    await mkdir(join(folder, 'queue'), { recursive: true })
    await writeFile(config, textOf({ folder, port, sink: new URL(sinkUrl) }))
    const started = await startProgram(path, words({ config, folder }), { port })
    return { ...started, url: `http://127.0.0.1:${port}` }
  },
})

/** Peers have to be told a port. Somebody may take it in between, which then shows. */
const freePort = async (): Promise<number> => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('There is no free port.')
  return address.port
}
