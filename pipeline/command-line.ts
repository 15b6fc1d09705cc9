import { parseArgs } from 'node:util'
import { cache } from './commands/cache.ts'
import { cacheReplay } from './commands/cache-replay.ts'
import {
  type Command,
  CommandError,
  type ExitStatus,
  type Input,
  UsageError,
} from './commands/command.ts'
import { completionOf } from './commands/completion.ts'
import { drops } from './commands/drops.ts'
import { endpoint } from './commands/endpoint.ts'
import { commandHelp, groupHelp, overview } from './commands/help.ts'
import { incident } from './commands/incident.ts'
import { ledger } from './commands/ledger.ts'
import { notices } from './commands/notices.ts'
import { reconcile } from './commands/reconcile.ts'
import { report } from './commands/report.ts'
import { run } from './commands/run.ts'
import { sequence } from './commands/sequence.ts'
import { top } from './commands/top.ts'
import { topics } from './commands/topics.ts'
import { validate } from './commands/validate.ts'
import { meant } from './config/fault.ts'
import { version } from './version.ts'

/** The command line: `holdfast <command> [options]`. Each command is a file in `commands/`. */
const commands: readonly Command[] = [
  run,
  validate,
  ledger,
  drops,
  report,
  reconcile,
  ...endpoint,
  ...cache,
  cacheReplay,
  ...notices,
  ...topics,
  top,
  sequence,
  incident,
  completionOf(() => commands),
]

/** Where a command line is read and written. */
export type CommandLine = Pick<Input, 'environment' | 'print' | 'warn'>

/** Does what the words say. Never rejects: what goes wrong is told on stderr and in the status. */
export const obeyed = async (words: readonly string[], io: CommandLine): Promise<ExitStatus> => {
  try {
    return await follow(words, io)
  } catch (error) {
    if (error instanceof UsageError) {
      io.warn(`${error.message}\nholdfast --help shows what there is.\n`)
      return 2
    }
    io.warn(
      error instanceof CommandError
        ? `${error.message}\n`
        : `Holdfast failed: ${error instanceof Error ? (error.stack ?? error.message) : error}\n`,
    )
    return 1
  }
}

const follow = async (words: readonly string[], io: CommandLine): Promise<ExitStatus> => {
  const [first, second] = words
  if (first === undefined) {
    io.warn(overview(commands))
    return 2
  }
  if (first === '--help' || first === '-h' || first === 'help') {
    io.print(overview(commands))
    return 0
  }
  if (first === '--version' || first === '-V') {
    io.print(`${version}\n`)
    return 0
  }
  const pair = commands.find(({ name }) => name === `${first} ${second}`)
  if (pair !== undefined) return obey(pair, words.slice(2), io)
  const single = commands.find(({ name }) => name === first)
  if (single !== undefined) return obey(single, words.slice(1), io)
  const group = commands.filter(({ name }) => name.startsWith(`${first} `))
  if (group.length === 0) throw unknown(first, [...new Set(commands.map(firstWord))])
  if (second === '--help' || second === '-h') {
    io.print(groupHelp(first, group))
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

const obey = async (
  command: Command,
  words: readonly string[],
  io: CommandLine,
): Promise<ExitStatus> => {
  const { values, positionals } = parsed(command, words)
  const { help } = values
  if (help === true) {
    io.print(commandHelp(command))
    return 0
  }
  const { operands } = command
  if (positionals.length !== operands.length)
    throw new UsageError(
      positionals.length < operands.length
        ? `holdfast ${command.name} needs ${operands.slice(positionals.length).join(' and ')}.`
        : `holdfast ${command.name} does not take "${positionals[operands.length]}".`,
    )
  return command.run({ values, operands: positionals, ...io })
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
