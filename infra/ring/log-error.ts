/**
 * `disk_full`: the disk took no more; nothing was kept, and space may come back. `storage_failed`:
 * the disk failed, or more was asked of it than may wait; nothing was acknowledged. `corrupt`: the
 * batch is damaged beyond reading. `gone`: its segment was removed.
 */
export const logErrorCodes = ['disk_full', 'storage_failed', 'corrupt', 'gone'] as const
export type LogErrorCode = (typeof logErrorCodes)[number]

/** What the record log could not do. */
export class LogError extends Error {
  override readonly name = 'LogError'
  readonly code: LogErrorCode

  constructor(code: LogErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
