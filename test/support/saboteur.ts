/**
 * Loaded before the command line (`node --import`), to give a process a flaw that the product does not
 * have. `SABOTAGE` says which; it begins with SIGUSR2, and a line in the log says so:
 *
 *     block:6000          blocks the event loop once, for so many milliseconds
 *     stick:collector     this life of this actor takes no message any more
 *     stickForGood:cache  nor does any life after it
 */
import { writeSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { pathToFileURL } from 'node:url'
import { isMainThread } from 'node:worker_threads'

const [flaw = '', argument = ''] = (process.env['SABOTAGE'] ?? '').split(':')

type Box = object | undefined
declare global {
  var isStuck: ((id: string, box: Box) => boolean) | undefined
}

const taking = 'const message = box?.waiting.shift()'
const stuckTaking =
  'const message = globalThis.isStuck?.(id, box) ? undefined : box?.waiting.shift()'

const stick = (): void => {
  const first = new Set<Box>()
  globalThis.isStuck = (id, box) => {
    if (id !== argument) return false
    if (first.size === 0) first.add(box)
    return flaw === 'stickForGood' || first.has(box)
  }
}

if (isMainThread) {
  registerHooks({
    load: (url, context, nextLoad) => {
      const loaded = nextLoad(url, context)
      if (!url.endsWith('/pipeline/mailboxes.ts')) return loaded
      const source = String(loaded.source)
      if (!source.includes(taking)) throw new Error(`${url} has no line "${taking}" any more`)
      return { ...loaded, source: source.replace(taking, stuckTaking) }
    },
  })
  process.on('SIGUSR2', () => {
    if (flaw !== 'block') stick()
    writeSync(2, `{"level":"info","event":"sabotage.begun"}\n`)
    if (flaw === 'block')
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(argument))
  })
}

/** What starts a process with a flaw. */
export const sabotaged = (sabotage: string) => ({
  nodeOptions: ['--import', pathToFileURL(import.meta.filename).href],
  environment: { SABOTAGE: sabotage },
})
