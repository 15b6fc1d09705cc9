/** What the main thread and the sentinel's tell each other, besides what is on the board. */
import type { Announcement, RestartAnswer } from '../../actors/sentinel/protocol.ts'
import type { Level } from '../../infra/telemetry/log.ts'
import type { Listen } from '../config/addresses.ts'
import type { Health } from '../observed.ts'
import type { Subject } from './subjects.ts'
import type { Summary } from './watch.ts'

/** What the thread is started with. */
export type ThreadInput = {
  readonly listen: Listen
  /** Where the main thread answers what the sentinel's does not. */
  readonly upstream: Listen
  readonly stallAfterMs: number
  readonly level: Level
  readonly buffer: SharedArrayBuffer
}

export type ToSentinel =
  | { readonly type: 'health.told'; readonly health: Health }
  | { readonly type: 'restart.answered'; readonly subject: Subject; readonly answer: RestartAnswer }
  | { readonly type: 'closing.asked' }

export type FromSentinel =
  | { readonly type: 'server.listening'; readonly port: number }
  | { readonly type: 'server.failed'; readonly message: string; readonly detail: string }
  | { readonly type: 'server.faltered'; readonly detail: string }
  | { readonly type: 'health.asked' }
  | { readonly type: 'restart.asked'; readonly subject: Subject }
  | {
      readonly type: 'stall.announced'
      readonly subject: Subject
      readonly announcement: Announcement
    }
  | { readonly type: 'watch.changed'; readonly summary: Summary; readonly health: Health }
  | { readonly type: 'server.closed' }
