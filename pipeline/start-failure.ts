import { FormatVersionError } from '../infra/disk/file-header.ts'
import { codeOf } from '../infra/disk/filesystem.ts'

/**
 * A start that failed, as the log is told of it. What the surroundings have refused (an address, the
 * disk, a file, a broker) is told without a stack: where in the program it was met says nothing to
 * whoever can mend it. Anything else keeps its own.
 */
export const startFailure = (error: unknown): unknown =>
  error instanceof Error && isForeseen(error) ? told(error) : error

const told = (error: Error) => ({
  name: error.name,
  message: error.message,
  ...('code' in error ? { code: error.code } : {}),
  ...(error.cause === undefined ? {} : { cause: startFailure(error.cause) }),
})

const isForeseen = (error: Error): boolean =>
  error instanceof FormatVersionError ||
  foreseenCode.test(codeOf(error) ?? '') ||
  (error.cause instanceof Error && isForeseen(error.cause))

/** Of the operating system, or of our own errors; those of Node's checks begin with `ERR_`. */
const foreseenCode = /^(E[A-Z0-9]+|[a-z_]+)$/
