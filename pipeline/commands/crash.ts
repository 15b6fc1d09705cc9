import type { Log } from '../../infra/telemetry/log.ts'
import type { ExitStatus } from './command.ts'

/** What nobody caught leaves the process in a state that nobody knows: only its disk is trusted. */
export const exitOnCrash = (log: Log): void => {
  const crash = (error: unknown) => {
    log.error(
      'process.crashed',
      'An error that nobody caught; exiting. Records on disk are kept.',
      {
        error,
      },
    )
    process.exit(1 satisfies ExitStatus)
  }
  process.on('uncaughtException', crash)
  process.on('unhandledRejection', crash)
}
