import { type Command, type Option, UsageError } from './command.ts'
import { bashScript, fishScript, type Words, zshScript } from './completion-scripts.ts'

const shells = ['bash', 'zsh', 'fish'] as const
type Shell = (typeof shells)[number]

/** What the shell offers when Tab is pressed: made of the very table of the commands. */
export const completionOf = (commands: () => readonly Command[]): Command => ({
  name: 'completion',
  summary: `what a shell needs to complete the commands: ${shells.join(', ')}`,
  operands: ['SHELL'],
  options: {},
  examples: [
    'source <(holdfast completion bash)',
    'holdfast completion zsh > ~/.zfunc/_holdfast',
    'holdfast completion fish > ~/.config/fish/completions/holdfast.fish',
  ],
  run: async (input) => {
    const [shell] = input.operands
    if (!isShell(shell))
      throw new UsageError(`There is nothing for "${shell}"; allowed: ${shells.join(', ')}.`)
    const script = { bash: bashScript, zsh: zshScript, fish: fishScript }[shell]
    input.print(script(wordsOf(commands())))
    return 0
  },
})

const isShell = (word: string | undefined): word is Shell => shells.some((known) => known === word)

const helpOption: Option = { value: null, short: 'h', help: 'the help of this command' }

const wordsOf = (commands: readonly Command[]): Words =>
  commands.map(({ name, summary, operands, options }) => ({
    name,
    summary,
    operands: operands[0] === 'SHELL' ? shells : [],
    options: Object.entries({ ...options, help: helpOption }).map(([option, given]) => ({
      name: option,
      short: given.short ?? null,
      value: given.value,
      help: given.help,
    })),
  }))
