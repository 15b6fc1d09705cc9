import type { Command, Option } from './command.ts'

/** The help of the whole command line. */
export const overview = (commands: readonly Command[]): string =>
  `Holdfast: a log pipeline in which every record is delivered, still held, or its loss is an event.

Usage: holdfast <command> [options]

${columns(commands.map((command) => [called(command), command.summary]))}

Options:
${columns([
  ['--help', 'this, or the help of a command: holdfast <command> --help'],
  ['--version', 'the version'],
])}

Exit status: 0 done, 1 failed while running, 2 wrong usage or configuration.
`

export const commandHelp = (command: Command): string =>
  `${command.summary[0]?.toUpperCase()}${command.summary.slice(1)}.

Usage: holdfast ${called(command)}${Object.keys(command.options).length === 0 ? '' : ' [options]'}

Options:
${columns([...Object.entries(command.options).map(described), ['-h, --help', 'this']])}

Examples:
${command.examples.map((example) => `  ${example}`).join('\n')}
`

/** The help of a word that only begins commands: `endpoint`. */
export const groupHelp = (word: string, commands: readonly Command[]): string =>
  `Usage: holdfast ${word} <command> [options]

${columns(commands.map((command) => [called(command), command.summary]))}

The help of each: holdfast ${word} <command> --help
`

const called = ({ name, operands }: Command): string => [name, ...operands].join(' ')

const described = ([name, { value, short, help }]: [string, Option]): readonly [string, string] => [
  `${short === undefined ? '' : `-${short}, `}--${name}${value === null ? '' : ` ${value}`}`,
  help,
]

const columns = (rows: readonly (readonly [string, string])[]): string => {
  const width = Math.max(...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join('\n')
}
