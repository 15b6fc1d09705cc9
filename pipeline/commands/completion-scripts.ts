/** The scripts with which shells complete the commands. Each is whole: nothing is asked when Tab is pressed. */

export type Words = readonly {
  readonly name: string
  readonly summary: string
  /** What may stand behind the options, where that is a closed set. */
  readonly operands: readonly string[]
  readonly options: readonly {
    readonly name: string
    readonly short: string | null
    readonly value: string | null
    readonly help: string
  }[]
}[]
type Option = Words[number]['options'][number]

/** Values that are a path. Of others the shell knows nothing to offer. */
const paths = { FILE: 'file', DIR: 'folder', 'DIR|URL': 'folder' } as const
const pathKind = ({ value }: Option): 'file' | 'folder' | null =>
  value !== null && value in paths ? paths[value as keyof typeof paths] : null

const firstWords = (words: Words): readonly string[] => [
  ...new Set(words.map(({ name }) => name.split(' ')[0] ?? name)),
]
const groupOf = (words: Words, first: string): Words =>
  words.filter(({ name }) => name.startsWith(`${first} `))
const flagsOf = ({ options }: Words[number]): string =>
  options
    .flatMap(({ name, short }) => [`--${name}`, ...(short === null ? [] : [`-${short}`])])
    .join(' ')

export const bashScript = (words: Words): string => {
  const groups = firstWords(words).filter((first) => groupOf(words, first).length > 0)
  const groupCases = groups.map((first) => {
    const seconds = groupOf(words, first).map(({ name }) => name.slice(first.length + 1))
    return `    '${first}') offered='${seconds.join(' ')} --help' ;;`
  })
  const cases = words.map((command) => {
    const offered = [flagsOf(command), ...command.operands].join(' ')
    return `    '${command.name}') offered='${offered}' ;;`
  })
  return `# holdfast completion bash
_holdfast() {
  local word=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} command=\${COMP_WORDS[1]} offered=''
  COMPREPLY=()
  case $previous in
${bashValues(words)}
  esac
  case $command in
    ${groups.join('|')})
      [ "$COMP_CWORD" -gt 2 ] && command="$command \${COMP_WORDS[2]}" ;;
  esac
  if [ "$COMP_CWORD" -eq 1 ]; then
    offered='${firstWords(words).join(' ')} --help --version'
  else
    case $command in
${[...groupCases, ...cases].join('\n')}
    esac
  fi
  mapfile -t COMPREPLY < <(compgen -W "$offered" -- "$word")
}
complete -F _holdfast holdfast
`
}

const bashValues = (words: Words): string => {
  const options = words.flatMap((command) => command.options)
  const flags = (kind: 'file' | 'folder'): string =>
    [...new Set(options.filter((it) => pathKind(it) === kind).map(({ name }) => `--${name}`))].join(
      '|',
    )
  return `    ${flags('file')}) mapfile -t COMPREPLY < <(compgen -f -- "$word"); return ;;
    ${flags('folder')}) mapfile -t COMPREPLY < <(compgen -d -- "$word"); return ;;`
}

/** In single quotes of a POSIX shell; \`:\` and brackets mean something to zsh's own functions. */
const quoted = (text: string): string => text.replaceAll("'", "'\\''")
const zshText = (text: string): string => quoted(text.replaceAll(/[[\]:\\]/g, '\\$&'))

export const zshScript = (words: Words): string => {
  const action = (option: Option): string => {
    if (option.value === null) return ''
    const kind = pathKind(option)
    if (kind === null) return `:${option.value.toLowerCase()}:`
    return kind === 'file' ? ':file:_files' : ':folder:_files -/'
  }
  const specs = (command: Words[number]): string =>
    [
      ...command.options.map(
        (option) =>
          `'${option.short === null ? '' : `(-${option.short})`}--${option.name}[${zshText(option.help)}]${action(option)}'`,
      ),
      ...(command.operands.length > 0 ? [`':word:(${command.operands.join(' ')})'`] : []),
    ].join(' \\\n          ')
  const described = (all: Words, cut: number): string =>
    all.map(({ name, summary }) => `'${zshText(name.slice(cut))}:${zshText(summary)}'`).join(' ')
  const cases = firstWords(words).map((first) => {
    const group = groupOf(words, first)
    const [single] = words.filter(({ name }) => name === first)
    if (group.length === 0 && single !== undefined)
      return `    ${first})
      _arguments ${specs(single)} ;;`
    return `    ${first})
      if (( CURRENT == 2 )); then
        local -a seconds=(${described(group, first.length + 1)})
        _describe command seconds
      else
        case $words[2] in
${group.map((command) => `        ${command.name.slice(first.length + 1)}) shift words; (( CURRENT-- ))\n          _arguments ${specs(command)} ;;`).join('\n')}
        esac
      fi ;;`
  })
  const firsts = firstWords(words).map((first) => ({
    name: first,
    summary:
      words.find(({ name }) => name === first)?.summary ??
      `${groupOf(words, first)
        .map(({ name }) => name.slice(first.length + 1))
        .join(', ')}`,
  }))
  return `#compdef holdfast
# holdfast completion zsh
_holdfast() {
  if (( CURRENT == 2 )); then
    local -a commands=(${firsts.map(({ name, summary }) => `'${name}:${zshText(summary)}'`).join(' ')})
    _describe command commands
    return
  fi
  shift words; (( CURRENT-- ))
  case $words[1] in
${cases.join('\n')}
  esac
}
if [ "$funcstack[1]" = _holdfast ]; then _holdfast "$@"; else compdef _holdfast holdfast; fi
`
}

export const fishScript = (words: Words): string => {
  const fishText = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")
  const lines = ['# holdfast completion fish', 'complete -c holdfast -f']
  const firsts = firstWords(words)
  for (const first of firsts) {
    const single = words.find(({ name }) => name === first)
    const group = groupOf(words, first)
    const seconds = group.map(({ name }) => name.slice(first.length + 1))
    const summary = single?.summary ?? seconds.join(', ')
    lines.push(
      `complete -c holdfast -n __fish_use_subcommand -a '${first}' -d '${fishText(summary)}'`,
    )
    for (const command of group) {
      const second = command.name.slice(first.length + 1)
      const none = `__fish_seen_subcommand_from ${first}; and not __fish_seen_subcommand_from ${seconds.join(' ')}`
      lines.push(
        `complete -c holdfast -n '${none}' -a '${second}' -d '${fishText(command.summary)}'`,
      )
    }
  }
  for (const command of words) {
    const seen = command.name
      .split(' ')
      .map((word) => `__fish_seen_subcommand_from ${word}`)
      .join('; and ')
    for (const word of command.operands)
      lines.push(`complete -c holdfast -n '${seen}' -a '${word}'`)
    for (const option of command.options) {
      const short = option.short === null ? '' : ` -s ${option.short}`
      const value = option.value === null ? '' : pathKind(option) === null ? ' -x' : ' -r -F'
      lines.push(
        `complete -c holdfast -n '${seen}' -l ${option.name}${short}${value} -d '${fishText(option.help)}'`,
      )
    }
  }
  return `${lines.join('\n')}\n`
}
