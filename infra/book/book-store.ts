/** Who keeps a book for the pipeline: a thread of its own, so that no write of it is waited for. */
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { BookError, type BookErrorCode } from './book-error.ts'
import type { BookAnswer, BookRequest } from './book-request.ts'

export type BookStore = {
  /**
   * One after the other, in the order in which they were asked.
   * @throws {BookError} as `BookDatabase.answer`
   */
  readonly ask: (request: BookRequest) => Promise<BookAnswer>
  /** What all that was asked so far took, where it is done; without any wait for it. */
  readonly spentMs: () => number
  readonly close: () => Promise<void>
}

/** What the thread is started with, asked, and answers. */
export type ThreadInput = { readonly path: string }
export type ToThread =
  | { readonly id: number; readonly request: BookRequest }
  | { readonly id: number; readonly request: 'close' }
export type FromThread =
  | { readonly id: number; readonly answer: BookAnswer; readonly tookMs: number }
  | { readonly id: number; readonly answer: 'closed' }
  | {
      readonly id: number
      readonly failure: { readonly code: BookErrorCode; readonly message: string }
    }

const threadMegabytesMax = { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 16 }

/** Starts the thread with the first request, and again after it has ended by itself. */
export const openThreadStore = (path: string): BookStore => {
  type Waiting = PromiseWithResolvers<BookAnswer | 'closed'>
  const waiting = new Map<number, Waiting>()
  let thread: Worker | null = null
  let lastId = 0
  let spentMs = 0

  const ended = (of: Worker, why: string): void => {
    if (thread === of) thread = null
    for (const { reject } of waiting.values()) reject(new BookError('unwritable', why))
    waiting.clear()
  }
  const started = (): Worker => {
    const workerData: ThreadInput = { path }
    // As it is run from its sources, or as it was built. Node 22 warns that its SQLite is new.
    const of = new Worker(new URL(`./thread${extname(import.meta.url)}`, import.meta.url), {
      workerData,
      execArgv: ['--disable-warning=ExperimentalWarning'],
      resourceLimits: threadMegabytesMax,
      name: 'book',
    })
    of.unref()
    of.on('message', (message: FromThread) => {
      const asked = waiting.get(message.id)
      waiting.delete(message.id)
      if ('tookMs' in message) spentMs += message.tookMs
      if ('answer' in message) asked?.resolve(message.answer)
      else asked?.reject(new BookError(message.failure.code, message.failure.message))
    })
    of.on('error', (cause) => ended(of, `The thread that keeps ${path} has ended: ${cause}.`))
    of.on('exit', () => ended(of, `The thread that keeps ${path} has ended.`))
    return of
  }
  const send = (request: ToThread['request']): Promise<BookAnswer | 'closed'> => {
    thread ??= started()
    lastId += 1
    const asked: Waiting = Promise.withResolvers()
    waiting.set(lastId, asked)
    thread.postMessage({ id: lastId, request } as ToThread)
    return asked.promise
  }
  return {
    ask: (request) => send(request) as Promise<BookAnswer>,
    spentMs: () => spentMs,
    close: async () => {
      if (thread === null) return
      const last = thread
      await send('close')
      await last.terminate()
    },
  }
}
