/**
 * The sentinel's thread: it watches the board, answers probes, and logs by itself, so that it does all
 * of that while the event loop of the main thread is blocked. It waits on nobody.
 */
import { writeSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { openLog } from '../../infra/telemetry/log.ts'
import type { Health } from '../observed.ts'
import { boardOn } from './board.ts'
import { type HealthServer, openHealthServer } from './health-server.ts'
import { logStall } from './stall-log.ts'
import type { FromSentinel, ThreadInput, ToSentinel } from './thread-messages.ts'
import { openWatch } from './watch.ts'

const lookMs = 100
/** How long a probe waits for the main thread's own word on its health; then its last one counts. */
const healthMsMax = 250
/** Lines that could not be written yet, since whoever reads them is slow. */
const linesMax = 100

const input = workerData as ThreadInput
const port = parentPort
if (port === null)
  throw new Error('This file is the entry of a thread, and was loaded without one.')
const tell = (message: FromSentinel): void => port.postMessage(message)

const unwritten: string[] = []
/** Past the main thread, through which a thread's own stderr goes. */
const write = (line?: string): void => {
  if (line !== undefined && unwritten.length < linesMax) unwritten.push(line)
  while (unwritten.length > 0) {
    try {
      writeSync(2, unwritten[0] ?? '')
    } catch (cause) {
      if (cause instanceof Error && 'code' in cause && cause.code === 'EAGAIN') return
      // Nobody reads the log any more, and there is no other place to say so.
      unwritten.length = 0
      return
    }
    unwritten.shift()
  }
}
const log = openLog({ write, level: input.level, now: Date.now })

const watch = openWatch({
  board: boardOn(input.buffer),
  stallAfterMs: input.stallAfterMs,
  announce: (subject, announcement) => {
    logStall(log, subject, announcement)
    tell({ type: 'stall.announced', subject, announcement })
  },
  restart: (subject) => tell({ type: 'restart.asked', subject }),
})

let lastTold = ''
const looking = setInterval(() => {
  watch.look(performance.now())
  write()
  const now = { summary: watch.summary(), health: watch.health() }
  const text = JSON.stringify(now)
  if (text === lastTold) return
  lastTold = text
  tell({ type: 'watch.changed', ...now })
}, lookMs)

/** The main thread's own word, when it last could give one. */
let told: Health = { live: [], ready: [{ actor: 'pipeline', reason: 'it is starting' }] }
let asking: PromiseWithResolvers<void> | null = null

const health = async (): Promise<Health> => {
  if (asking === null) {
    asking = Promise.withResolvers()
    const { resolve } = asking
    setTimeout(resolve, healthMsMax)
    tell({ type: 'health.asked' })
  }
  await asking.promise
  asking = null
  const own = watch.health()
  return { live: [...own.live, ...told.live], ready: [...own.ready, ...told.ready] }
}

const isBlocked = (): boolean => watch.health().ready.some(({ actor }) => actor === 'event-loop')

let server: HealthServer | null = null
port.on('message', (message: ToSentinel) => {
  switch (message.type) {
    case 'health.told':
      told = message.health
      asking?.resolve()
      break
    case 'restart.answered':
      watch.answer(message.subject, message.answer)
      break
    case 'closing.asked':
      clearInterval(looking)
      void closing()
  }
})
const closing = async (): Promise<void> => {
  await server?.close()
  tell({ type: 'server.closed' })
  port.close()
}

try {
  server = await openHealthServer({
    listen: input.listen,
    upstream: input.upstream,
    health,
    isBlocked,
    faltered: (error) => tell({ type: 'server.faltered', detail: error.message }),
  })
  tell({ type: 'server.listening', port: server.port })
} catch (error) {
  const { message, cause } = error as Error
  tell({ type: 'server.failed', message, detail: String(cause) })
}
