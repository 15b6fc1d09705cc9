#!/usr/bin/env node
import { parseArgs } from 'node:util'
import {
  type Command,
  CommandError,
  type ExitStatus,
  type Input,
  UsageError,
} from './commands/command.ts'
import { drops } from './commands/drops.ts'
import { endpoint } from './commands/endpoint.ts'
import { commandHelp, groupHelp, overview } from './commands/help.ts'
import { ledger } from './commands/ledger.ts'
import { run } from './commands/run.ts'
import { validate } from './commands/validate.ts'
import { meant } from './config-fault.ts'
import { version } from './version.ts'

/** The command line: `holdfast <command> [options]`. Each command is a file in `commands/`. */
const commands: readonly Command[] = [run, validate, ledger, drops, ...endpoint]

const print = (text: string): void => void process.stdout.write(text)
const warn = (text: string): void => void process.stderr.write(text)

const main = async (words: readonly string[]): Promise<ExitStatus> => {
  const [first, second] = words
  if (first === undefined) {
    warn(overview(commands))
    return 2
  }
  if (first === '--help' || first === '-h' || first === 'help') {
    print(overview(commands))
    return 0
  }
  if (first === '--version' || first === '-V') {
    print(`${version}\n`)
    return 0
  }
  const pair = commands.find(({ name }) => name === `${first} ${second}`)
  if (pair !== undefined) return obey(pair, words.slice(2))
  const single = commands.find(({ name }) => name === first)
  if (single !== undefined) return obey(single, words.slice(1))
  const group = commands.filter(({ name }) => name.startsWith(`${first} `))
  if (group.length === 0) throw unknown(first, [...new Set(commands.map(firstWord))])
  if (second === '--help' || second === '-h') {
    print(groupHelp(first, group))
    return 0
  }
  const seconds = group.map(({ name }) => name.slice(first.length + 1))
  throw second === undefined || second.startsWith('-')
    ? new UsageError(`holdfast ${first} needs one of: ${seconds.join(', ')}.`)
    : unknown(second, seconds)
}

const firstWord = ({ name }: Command): string => name.split(' ')[0] ?? name

const unknown = (word: string, known: readonly string[]): UsageError =>
  new UsageError(
    `There is no command "${word}"${meant(word, known) || '.'} Allowed: ${known.join(', ')}.`,
  )

const obey = (command: Command, words: readonly string[]): Promise<ExitStatus> | ExitStatus => {
  const { values, positionals } = parsed(command, words)
  const { help } = values
  if (help === true) {
    print(commandHelp(command))
    return 0
  }
  const { operands } = command
  if (positionals.length !== operands.length)
    throw new UsageError(
      positionals.length < operands.length
        ? `holdfast ${command.name} needs ${operands.slice(positionals.length).join(' and ')}.`
        : `holdfast ${command.name} does not take "${positionals[operands.length]}".`,
    )
  const input: Input = { values, operands: positionals, environment: process.env, print, warn }
  return command.run(input)
}

const parsed = (command: Command, words: readonly string[]) => {
  try {
    return parseArgs({
      args: [...words],
      allowPositionals: true,
      options: {
        help: { type: 'boolean', short: 'h' },
        ...Object.fromEntries(
          Object.entries(command.options).map(([name, { value, short }]) => [
            name,
            {
              type: value === null ? ('boolean' as const) : ('string' as const),
              ...(short === undefined ? {} : { short }),
            },
          ]),
        ),
      },
    })
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause
    const [, option = ''] = /^Unknown option '--?([^']+)'/.exec(cause.message) ?? []
    const hint = option === '' ? '' : meant(option, Object.keys(command.options))
    throw new UsageError(`${cause.message.split('. ')[0]}${hint || '.'}`, { cause })
  }
}

/** A reader that went away, as `holdfast drops | head` does, is no failure of ours. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

const exit = (status: ExitStatus): void => {
  // What is still in the pipes is written first: process.exit would cut it off.
  process.exitCode = status
  process.stdout.write('', () => process.stderr.write('', () => process.exit(status)))
}

try {
  exit(await main(process.argv.slice(2)))
} catch (error) {
  if (error instanceof UsageError) {
    warn(`${error.message}\nholdfast --help shows what there is.\n`)
    exit(2)
  } else if (error instanceof CommandError) {
    warn(`${error.message}\n`)
    exit(1)
  } else {
    warn(`Holdfast failed: ${error instanceof Error ? (error.stack ?? error.message) : error}\n`)
    exit(1)
  }
}
