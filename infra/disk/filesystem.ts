/**
 * The disk as the record log and the journal see it. Both go through this port alone, so that a
 * simulated disk can stand in for it: one that loses, tears and reorders what was not synced.
 *
 * What a crash may do, and what the callers rely on:
 * - Bytes written are safe after `datasync` of their file has resolved, and its new size with them.
 *   Before that, any part of them may be on the disk, in any order, or none.
 * - A file that was created, renamed or unlinked is so for good after `syncDirectory` of its
 *   directory. Before that, either is possible. A rename is never seen half done.
 * - A `datasync` that has failed says nothing about what is on the disk, and a second one that
 *   succeeds says nothing either: the system may have marked the lost pages as clean. So it is
 *   never called again on a file on which it has failed.
 *
 * Every method rejects with an `Error` that carries the system's `code` (`ENOSPC`, `EIO`, …).
 */
export type Filesystem = {
  /**
   * `create`: a new file, to read and write. `update`: one that exists, to read and write.
   * @throws EEXIST (`create`), ENOENT (`update`, `read`), ENOSPC, EACCES, EMFILE, EIO
   */
  readonly open: (path: string, mode: OpenMode) => Promise<OpenFile>
  /** Open files stay usable. @throws ENOENT, EACCES, EIO */
  readonly unlink: (path: string) => Promise<void>
  /** Replaces `to` if it is there. @throws ENOENT, ENOSPC, EACCES, EIO */
  readonly rename: (paths: { readonly from: string; readonly to: string }) => Promise<void>
  /** Names in a directory, in no order. @throws ENOENT, EACCES, EIO */
  readonly list: (directory: string) => Promise<readonly string[]>
  /** Makes names durable: those created, renamed, unlinked before. @throws EIO, ENOSPC */
  readonly syncDirectory: (directory: string) => Promise<void>
  /** With its parents, and durably; nothing happens if it is there. @throws ENOSPC, EACCES, EIO */
  readonly makeDirectory: (directory: string) => Promise<void>
}

export type OpenMode = 'create' | 'update' | 'read'

export type OpenFile = {
  /**
   * Writes all pieces, one behind the other, from an offset on. After a rejection any part of them
   * may have been written.
   * @throws ENOSPC, EDQUOT, EIO
   */
  readonly write: (pieces: readonly Uint8Array[], offset: number) => Promise<void>
  /**
   * Fills `target` from an offset on and resolves with the bytes read: fewer than `target` holds
   * only at the end of the file.
   * @throws EIO
   */
  readonly read: (target: Uint8Array, offset: number) => Promise<number>
  /** Content and size are on stable storage. Never again after a failure. @throws EIO, ENOSPC */
  readonly datasync: () => Promise<void>
  /** Cuts to a size. It is durable after the next `datasync`. @throws EIO */
  readonly truncate: (bytes: number) => Promise<void>
  /** @throws EIO */
  readonly size: () => Promise<number>
  /** Does not sync. @throws EIO */
  readonly close: () => Promise<void>
}

/** The system's code of an error, if it has one. */
export const codeOf = (cause: unknown): string | undefined =>
  cause instanceof Error && 'code' in cause && typeof cause.code === 'string'
    ? cause.code
    : undefined

/** The errors that go away when somebody frees space. */
export const isDiskFull = (cause: unknown): boolean =>
  ['ENOSPC', 'EDQUOT'].includes(codeOf(cause) ?? '')

/** An error in a few words, for the message of another. */
export const seen = (cause: unknown): string =>
  cause instanceof Error ? (codeOf(cause) ?? cause.message) : String(cause)
