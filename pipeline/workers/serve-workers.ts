/**
 * The supervisor: holds no record. It starts the workers, accepts their connections, answers for them
 * together, and starts one again that has ended.
 */
import { lockDirectory } from '../../infra/disk/lock.ts'
import { openReceiver } from '../../infra/receiver/receiver.ts'
import type { Level, Log } from '../../infra/telemetry/log.ts'
import type { Ready } from '../commands/serve.ts'
import type { Config } from '../config/config.ts'
import { startFailure } from '../start-failure.ts'
import { StoppedWhileStartingError } from '../stopped-while-starting.ts'
import { type Crew, openCrew } from './crew.ts'
import { openCrewAdmin } from './crew-admin.ts'
import { openFrontDoor } from './front-door.ts'

type Given = {
  readonly config: Config
  readonly level: Level
  readonly log: Log
  /** Resolves with the name of what told the process to stop. */
  readonly interrupted: Promise<string>
  readonly ready: (ready: Ready) => void
}

/** From the start to the exit status of the process. */
export const serveWorkers = async (given: Given): Promise<0 | 1> => {
  const { config, log } = given
  const closers: (() => Promise<void>)[] = []
  try {
    const lock = await lockDirectory(config.dataDirectory)
    closers.push(lock.release)
    const receiver =
      config.receiver === null ? undefined : await openReceiver({ ...config.receiver, log })
    if (receiver !== undefined) closers.push(receiver.close)
    let crew: Crew | null = null
    const admin = await openCrewAdmin({ ...config.admin, crew: () => crew, log })
    closers.push(admin.close)
    crew = openCrew(given)
    const at = { admin: admin.url, ...(receiver === undefined ? {} : { receiver: receiver.url }) }
    return await worked(given, crew, at)
  } catch (error) {
    if (error instanceof StoppedWhileStartingError) {
      log.info('pipeline.stopped', error.message)
      return 0
    }
    const message = 'Holdfast could not start; it exits with status 1.'
    log.error('run.failed', message, { error: startFailure(error) })
    return 1
  } finally {
    for (const close of closers.reverse()) await close()
  }
}

const worked = async (
  { config, log, interrupted, ready }: Given,
  crew: Crew,
  at: Pick<Ready, 'admin' | 'receiver'>,
): Promise<0 | 1> => {
  const { members } = crew
  const stopped = interrupted.then((signal) => ({ kind: 'interrupted' as const, signal }))
  const up = Promise.all(members.map(({ started }) => started)).then(() => ({
    kind: 'up' as const,
  }))
  try {
    const first = await Promise.race([up, stopped])
    if (first.kind === 'interrupted') throw new StoppedWhileStartingError(first.signal)
    const { otlpHttp } = config.sources
    const door =
      otlpHttp === null
        ? undefined
        : await openFrontDoor({
            listen: otlpHttp.listen,
            takers: () => members.filter((member) => member.takes()),
            log,
          })
    const sources = door === undefined ? {} : { otlp_http: door.url }
    ready({ event: 'ready', ...at, sources })
    log.info('workers.started', 'Every worker is up, and everything listens.', {
      workers: members.map((member) => member.pid()),
      admin: at.admin,
      sources,
    })
    const { signal } = await stopped
    log.info('stop.requested', 'The workers finish what is in flight.', { signal })
    door?.close()
    const status = await crew.stop(signal)
    if (status === 0) log.info('workers.stopped', 'What was not sent is kept on disk.')
    else log.error('stop.failed', 'Not every worker has stopped in order; what is on disk is kept.')
    return status
  } catch (cause) {
    await crew.stop('the others could not be started')
    throw cause
  }
}
