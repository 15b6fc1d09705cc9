import { type LogEntry, logLevel } from 'kafkajs'
import type { Log } from '../telemetry/log.ts'

/**
 * The lines of the client library, in our log. It writes one for every attempt of every connection: an
 * outage is one line when it begins and one when it is over, with what was seen; each line is there at
 * level `debug`.
 */
export type ClientLog = {
  readonly write: (entry: LogEntry) => void
  /** The broker has answered: an outage, where there was one, is over. */
  readonly answered: () => void
}

/**
 * What says that a broker cannot be reached. What a broker answers, also where it is a refusal, is no
 * outage: who asked is told.
 */
const unreachable = /^(?:Connection |Failed to connect|Request \S+ timed out|Unable to connect)/i

export const openClientLog = (log: Log): ClientLog => {
  let outage: { readonly sinceMs: number; lines: number } | null = null
  return {
    write: ({ namespace, level, log: { message, timestamp, ...rest } }) => {
      log.debug('kafka.client', message, { namespace, ...rest })
      if (level > logLevel.WARN || !unreachable.test(message)) return
      if (outage !== null) {
        outage.lines += 1
        return
      }
      outage = { sinceMs: Date.parse(timestamp), lines: 1 }
      const said = 'error' in rest ? `${message}: ${String(rest['error'])}` : message
      log.warn('kafka.unreachable', `Kafka cannot be reached: ${said}. It is tried again.`, {
        broker: rest['broker'],
      })
    },
    answered: () => {
      if (outage === null) return
      const { lines } = outage
      outage = null
      log.info('kafka.answered', 'Kafka answers again.', { attempts: lines })
    },
  }
}
