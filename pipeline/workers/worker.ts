/** One worker of many: a whole pipeline, whose connections its supervisor accepts. */
import type { Socket } from 'node:net'
import { openReceiver } from '../../infra/receiver/receiver.ts'
import { openLog } from '../../infra/telemetry/log.ts'
import { boundedLines } from '../bounded-lines.ts'
import { exitOnCrash } from '../commands/crash.ts'
import { interruption } from '../commands/interruption.ts'
import { type Parts, serve } from '../commands/serve.ts'
import { boundHeapGrowth } from '../heap-growth.ts'
import { startPipeline } from '../pipeline.ts'
import { openSources } from '../sources.ts'
import { telemetrySetup } from '../telemetry-setup.ts'
import { realWorld } from '../world.ts'
import type { FromWorker, ToWorker } from './worker-messages.ts'

type Start = Extract<ToWorker, { type: 'start.asked' }>

const stop = Promise.withResolvers<string>()
let take: (socket: Socket) => void = (socket) => socket.destroy()

const parts: Parts = {
  startPipeline: (config, environment) =>
    startPipeline(config, {
      ...environment,
      world: {
        ...realWorld,
        sources: (given, needs) =>
          openSources(given, {
            ...needs,
            feed: (taking) => {
              take = taking
            },
          }),
      },
    }),
  openReceiver,
}

const run = async ({ worker, config, level }: Start): Promise<0 | 1> => {
  const write = boundedLines(process.stderr)
  const log = openLog({ write, level, now: Date.now }).child({ worker })
  exitOnCrash(log)
  boundHeapGrowth()
  const interrupted = interruption({
    signals: process,
    nowMs: () => performance.now(),
    hurry: () => process.exit(1),
    log,
  })
  const setup = await telemetrySetup(process.env, config)
  if (setup.kind === 'refused') throw new Error(setup.why)
  return serve({
    config,
    parts,
    log,
    telemetry: setup.kind === 'on' ? await setup.open(log) : undefined,
    level,
    interrupted: Promise.race([interrupted, stop.promise]),
    ready: ({ admin }) => tell({ type: 'worker.ready', admin }),
  })
}

const tell = (message: FromWorker): void => {
  if (process.connected) process.send?.(message)
}

process.on('message', (message: ToWorker, socket?: Socket) => {
  switch (message.type) {
    case 'start.asked':
      void run(message).then((status) => process.exit(status))
      return
    case 'connection.handed':
      // A client that has hung up on the way leaves no connection.
      if (socket === undefined) tell({ type: 'connection.closed' })
      else {
        socket.once('close', () => tell({ type: 'connection.closed' }))
        take(socket)
      }
      return
    case 'stop.asked':
      stop.resolve(message.why)
      return
  }
})
// Without a supervisor nobody would ever stop it, and its folder would stay taken. As after a
// `kill -9`, which the supervisor has most likely had: what was acknowledged is on disk.
process.on('disconnect', () => process.exit(1))
