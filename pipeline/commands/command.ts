import type { Environment } from '../config/config-file.ts'

/** One command of the command line. */
export type Command = {
  /** One word, or two: `endpoint set`. */
  readonly name: string
  /** Half a sentence. */
  readonly summary: string
  /** What follows the options: names for the help, and how many there have to be. */
  readonly operands: readonly string[]
  readonly options: Readonly<Record<string, Option>>
  readonly examples: readonly string[]
  /** Resolves with the exit status: 0 done, 1 failed, 2 wrong usage or configuration. */
  readonly run: (input: Input) => Promise<ExitStatus>
}
export type ExitStatus = 0 | 1 | 2
export type Option = {
  /** What stands for the value in the help; null for an option that takes none. */
  readonly value: string | null
  readonly short?: string
  readonly help: string
}

export type Input = {
  readonly values: Readonly<Record<string, string | boolean | undefined>>
  readonly operands: readonly string[]
  readonly environment: Environment
  /** Writes to stdout: what was asked for, and nothing else. */
  readonly print: (text: string) => void
  /** Writes to stderr. */
  readonly warn: (text: string) => void
}

/** The value of an option that takes one. */
export const textOf = (input: Input, option: string): string | undefined => {
  const value = input.values[option]
  return typeof value === 'string' ? value : undefined
}

export const isSet = (input: Input, option: string): boolean => input.values[option] === true

/** The command line was used wrongly: exit status 2, with the way to the help. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** What was asked for could not be done: exit status 1, with this message and no stack. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
}

export const configOption = {
  value: 'FILE',
  help: 'the configuration; holdfast.yaml in the current folder unless told',
} as const satisfies Option
export const configDefault = 'holdfast.yaml'

export const jsonOption = {
  value: null,
  help: 'print JSON, and only that',
} as const satisfies Option
