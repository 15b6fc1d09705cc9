/**
 * `disk_full`: even the reserved space is used up; nothing was kept, and space may come back.
 * `storage_failed`: the disk failed; it is not known what was kept. `corrupt`: what was kept cannot
 * be read any more, and a person must decide.
 */
export const journalErrorCodes = ['disk_full', 'storage_failed', 'corrupt'] as const
export type JournalErrorCode = (typeof journalErrorCodes)[number]

/** What the journal could not do. */
export class JournalError extends Error {
  override readonly name = 'JournalError'
  readonly code: JournalErrorCode

  constructor(code: JournalErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
