/** `unwritable`: the disk or its file system; it may be tried again. `damaged`: the file is no book. */
export type BookErrorCode = 'unwritable' | 'damaged'

/** A book could not be written or read. Nothing of the account is lost: it can be built anew. */
export class BookError extends Error {
  override readonly name = 'BookError'
  readonly code: BookErrorCode

  constructor(code: BookErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
