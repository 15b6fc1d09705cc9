/**
 * - `fate_unbalanced`: what a batch is said to have become does not add up. A mistake in the caller.
 * - `segment_closed`: something was appended to a segment that is going or gone.
 * - `segment_pending`: a segment was to be retired in which not everything has ended.
 * - `contended`: others kept recording the same batches.
 * - `archive_failed`: old drop events cannot be read, or no more be written.
 */
export type LedgerErrorCode =
  | 'fate_unbalanced'
  | 'segment_closed'
  | 'segment_pending'
  | 'contended'
  | 'archive_failed'

export class LedgerError extends Error {
  override readonly name = 'LedgerError'
  readonly code: LedgerErrorCode

  constructor(code: LedgerErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
