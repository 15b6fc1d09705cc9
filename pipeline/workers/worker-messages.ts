/** What the supervisor and a worker say to one another, over the channel that Node opens between them. */
import type { Level } from '../../infra/telemetry/log.ts'
import type { Config } from '../config/config.ts'

export type ToWorker =
  | {
      readonly type: 'start.asked'
      readonly worker: number
      readonly config: Config
      readonly level: Level
    }
  /** A connection comes along with it, of which nothing was read. */
  | { readonly type: 'connection.handed' }
  | { readonly type: 'stop.asked'; readonly why: string }

export type FromWorker =
  /** Everything listens. `admin` is for the supervisor alone. */
  | { readonly type: 'worker.ready'; readonly admin: string }
  /** One that was handed to it; so that the next goes to whoever has the fewest. */
  | { readonly type: 'connection.closed' }
