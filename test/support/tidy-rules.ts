/** The house rules that a type checker and a formatter cannot see, each with its reason. */
import { basename, dirname, join, normalize } from 'node:path/posix'
import { lineAt, type SourceFile } from './source-file.ts'

export type Violation = {
  readonly path: string
  readonly line: number
  /** What was seen. */
  readonly what: string
  /** Why it is not wanted, or what to write instead. */
  readonly why: string
}
export type Rule = (file: SourceFile) => readonly Violation[]

/** A room may import from itself and from the rooms before it. */
export const rooms = ['schemas', 'actors', 'infra', 'pipeline', 'test'] as const
export const fileLinesMax = 300

const roomOf = (path: string): number => rooms.findIndex((room) => path.startsWith(`${room}/`))
const isIn = (file: SourceFile, ...names: readonly (typeof rooms)[number][]): boolean =>
  names.some((name) => file.path.startsWith(`${name}/`))
const isCode = (file: SourceFile): boolean => /\.tsx?$/.test(file.path)
const isGenerated = (file: SourceFile): boolean => file.text.startsWith('// Written by ')

/** Every place where `pattern` (with the flag g) is found in a view of the file. */
const found = (
  file: SourceFile,
  view: 'text' | 'code' | 'bare',
  pattern: RegExp,
  why: string,
): readonly Violation[] =>
  [...file[view].matchAll(pattern)].map((match) => ({
    path: file.path,
    line: lineAt(file[view], match.index),
    what: match[0].trim().replaceAll(/\s+/g, ' '),
    why,
  }))

type Import = { readonly from: string; readonly isTypeOnly: boolean; readonly line: number }

const importsOf = (file: SourceFile): readonly Import[] => {
  const statement =
    /(?:^|\n)\s*(?:import|export)\s+(type\s)?(?:[\w*{}\s,$]*?\bfrom\s*)?'([^']+)'|\bimport\(\s*'([^']+)'/g
  return [...file.code.matchAll(statement)].flatMap((match) => {
    // Text that looks like an import, inside a string, is blank in the bare view.
    const keyword = match.index + match[0].search(/import|export/)
    if (!/^(?:import|export)/.test(file.bare.slice(keyword, keyword + 6))) return []
    const line = lineAt(file.code, match.index + match[0].length)
    return [{ from: match[2] ?? match[3] ?? '', isTypeOnly: match[1] !== undefined, line }]
  })
}

export const arrow: Rule = (file) => {
  if (!isCode(file) || roomOf(file.path) < 0) return []
  return importsOf(file).flatMap(({ from, isTypeOnly, line }) => {
    if (!from.startsWith('.')) return []
    const target = normalize(join(dirname(file.path), from))
    const at = { path: file.path, line, what: `imports ${target}` }
    if (roomOf(target) < 0) return [{ ...at, why: 'It is in no room.' }]
    if (roomOf(target) > roomOf(file.path)) return [{ ...at, why: `${rooms.join(' ← ')}.` }]
    if (isIn(file, 'infra') && target.startsWith('actors/') && !isTypeOnly)
      return [{ ...at, why: 'infra/ fills ports: of actors/ it needs types only (`import type`).' }]
    return []
  })
}

export const purity: Rule = (file) => {
  if (!isIn(file, 'actors') || !isCode(file)) return []
  const strangers = importsOf(file).flatMap(({ from, line }) =>
    from.startsWith('.') || from === 'xstate'
      ? []
      : [{ path: file.path, line, what: `imports ${from}`, why: 'I/O belongs behind a port.' }],
  )
  const impure =
    /\bDate\s*\.\s*now\b|\bnew\s+Date\b|\bMath\s*\.\s*random\b|(?<![.\w])(?:setTimeout|setInterval|setImmediate|queueMicrotask|fetch|process|performance|crypto|globalThis|console)\b(?!\s*\??:)/g
  const why = 'Time, chance and I/O reach an actor as events.'
  return [...strangers, ...found(file, 'bare', impure, why)]
}

/** A transition table has braces behind `after`; a field of that name in a type has not. */
export const delays: Rule = (file) =>
  isIn(file, 'actors') && isCode(file)
    ? found(
        file,
        'bare',
        /(?<!readonly\s)\bafter\s*:(?!\s*[A-Z])|\bdelay\s*:|\bdelays\s*:/g,
        'XState does not arm it again in a restored snapshot; invoke the timer port.',
      )
    : []

export const length: Rule = (file) => {
  const lines = file.text.replace(/\n$/, '').split('\n').length
  if (!isCode(file) || isGenerated(file) || lines <= fileLinesMax) return []
  const why = `At most ${fileLinesMax}: a file is one idea.`
  return [{ path: file.path, line: fileLinesMax + 1, what: `${lines} lines`, why }]
}

export const leftovers: Rule = (file) =>
  found(
    file,
    'text',
    /\b(?:FIX[M]E|TO[D]O|XX[X])\b/g,
    'Mend it, or write it down, before the merge.',
  )

export const exceptions: Rule = (file) =>
  found(
    file,
    'text',
    /\b(?:biome-ig[n]ore|@ts-ig[n]ore|@ts-no[c]heck|no[q]a)\b/g,
    'No check is switched off: write it so that it passes.',
  )

const bannedNames = /^(?:utils?|helpers?|common|types?|misc|shared|stuff)$/
export const names: Rule = (file) => {
  const why = 'Such a name says nothing; a file is called after the noun that it exports.'
  const stem = basename(file.path).split('.')[0] ?? ''
  const folders = dirname(file.path).split('/')
  const at = { path: file.path, line: 1, why }
  const banned = folders.find(
    (it) => bannedNames.test(it) && file.path !== `test/types/${basename(file.path)}`,
  )
  if (banned !== undefined) return [{ ...at, what: `a folder called ${banned}` }]
  if (isCode(file) && bannedNames.test(stem)) return [{ ...at, what: `a file called ${stem}` }]
  if (isCode(file) && /[A-Z_ ]/.test(stem))
    return [{ ...at, what: stem, why: 'Names are kebab-case.' }]
  return []
}

export const defaultExports: Rule = (file) =>
  isCode(file)
    ? found(file, 'bare', /\bexport\s+default\b|\bas\s+default\b/g, 'An export has one name.')
    : []

const classPattern =
  /(?<![.\w])class(?=[\s{])(?:\s+(?!extends\b)\w+)?(?:<[^{]*?>)?\s*(?:\bextends\s+[\w.]+|\{|implements\b)/g
export const classes: Rule = (file) =>
  isCode(file)
    ? found(
        file,
        'bare',
        classPattern,
        'Only errors are classes; the rest are functions and plain data.',
      ).filter(({ what }) => !/\bextends [\w.]*Error$/.test(what))
    : []

const minting = 'infra/ledger/settlement.ts'
export const settlements: Rule = (file) =>
  isIn(file, 'schemas', 'actors', 'infra', 'pipeline') && file.path !== minting
    ? found(
        file,
        'bare',
        /\bas\s+(?:unknown\s+as\s+)?(?:Settlement|Eviction)\b/g,
        `Only ${minting} makes one, after it is durable.`,
      )
    : []

const emptyCatch = /\bcatch\s*(?:\([^)]*\)\s*)?\{\s*\}/g
const emptyHandler =
  /(?:\.catch\(|\bon(?:ce)?\(\s*'[^']*',)\s*\([^)]*\)\s*=>\s*(?:\{\s*\}|undefined|null)\s*\)/g
export const swallowing: Rule = (file) => {
  if (!isCode(file)) return []
  const why = 'Nothing is swallowed: handle it, or hand it on.'
  return [emptyCatch, emptyHandler].flatMap((pattern) => found(file, 'bare', pattern, why))
}

/** Spelt so that this file does not hold them itself. */
const foreign = [
  'shared/desi|gn',
  'DESIGN.m|d',
  'STYLE.m|d',
  'INTERFACES.m|d',
  'PEERS.m|d',
  '/wor|k/',
]
const foreignPattern = new RegExp(
  foreign.map((it) => it.replace('|', '').replaceAll('.', '\\.')).join('|'),
  'g',
)
export const foreignWords: Rule = (file) =>
  found(file, 'text', foreignPattern, 'The product stands alone: nobody else can follow this.')

/** Each rule with the sentence that its test says. */
export const rules: Readonly<Record<string, Rule>> = {
  'imports follow the arrow of the rooms': arrow,
  'actors are pure': purity,
  'no machine relies on delays that a restart forgets': delays,
  'a file is one idea': length,
  'nothing is left for later': leftovers,
  'no check is switched off': exceptions,
  'a file is called after what it exports': names,
  'an export has one name': defaultExports,
  'only errors are classes': classes,
  'only the ledger makes settlements and evictions': settlements,
  'no error is swallowed': swallowing,
  'the texts of the product stand alone': foreignWords,
}
