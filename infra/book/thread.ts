/** The thread that keeps a book: it does what it is asked, one after the other. */
import { parentPort, workerData } from 'node:worker_threads'
import { openBookDatabase } from './book-database.ts'
import { BookError } from './book-error.ts'
import type { FromThread, ThreadInput, ToThread } from './book-store.ts'

const port = parentPort
if (port === null)
  throw new Error('This file is the entry of a thread, and was loaded without one.')
const database = openBookDatabase((workerData as ThreadInput).path)

const answered = ({ id, request }: ToThread): FromThread => {
  try {
    if (request !== 'close') {
      const startedMs = performance.now()
      const answer = database.answer(request)
      return { id, answer, tookMs: performance.now() - startedMs }
    }
    database.close()
    return { id, answer: 'closed' }
  } catch (cause) {
    if (!(cause instanceof BookError)) throw cause
    return { id, failure: { code: cause.code, message: cause.message } }
  }
}
port.on('message', (message: ToThread) => port.postMessage(answered(message)))
