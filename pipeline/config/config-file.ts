import {
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type YAMLError,
} from 'yaml'
import type { Fault } from './fault.ts'

/**
 * A YAML file with the environment filled in.
 *
 * `${NAME}` and `${NAME:-default}` are replaced in scalars, quoted or not, after YAML has been read:
 * so no value from the environment can change the structure of the file. `$${` stands for a literal
 * `${`. While YAML is read, each of them is one placeholder character pair, since a brace would end
 * `{ token: ${TOKEN} }` early.
 */
export type ConfigFile = {
  readonly tree: Tree
  readonly lineOf: (path: Path) => number | null
}
export type Tree = { readonly [key: string]: unknown }
export type Path = readonly (string | number)[]
export type Environment = Readonly<Record<string, string | undefined>>

const opened = '\uE000'
const closed = '\uE001'
const placeholder = new RegExp(`${opened}(\\d+)${closed}`, 'g')
const reference = /\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}\n]*))?\}/g
/** `$${`, which has no name, or a substitution. */
type Reference = {
  readonly text: string
  readonly name: string | undefined
  readonly fallback: string | undefined
}
const aliasesMax = 100
const depthMax = 32

export const readConfigFile = (
  text: string,
  environment: Environment,
): { readonly file: ConfigFile; readonly faults: readonly Fault[] } => {
  const references: Reference[] = []
  const marked = text
    .replace(new RegExp(`[${opened}${closed}]`, 'g'), '\uFFFD')
    .replace(reference, (found, name?: string, fallback?: string) => {
      references.push({ text: found, name, fallback })
      return `${opened}${references.length - 1}${closed}`
    })
  const lines = new LineCounter()
  const document = parseDocument(marked, { lineCounter: lines, version: '1.2', stringKeys: true })
  const lineOf = (path: Path): number | null => {
    const offset = offsetOf(document.contents, path)
    return offset === undefined ? null : lines.linePos(offset).line
  }
  const syntax = [...document.errors, ...document.warnings].map(syntaxFault)
  if (syntax.length > 0) return { file: { tree: {}, lineOf }, faults: syntax }
  const faults: Fault[] = []
  const fill = filler({ references, environment, lineOf, faults })
  let plain: unknown
  try {
    plain = document.toJS({ maxAliasCount: aliasesMax })
  } catch (cause) {
    if (!(cause instanceof ReferenceError)) throw cause
    return {
      file: { tree: {}, lineOf },
      faults: [wholeFault(cause.message, 'allowed: fewer aliases')],
    }
  }
  const tree = fill(plain ?? {}, [])
  if (typeof tree === 'object' && tree !== null && !Array.isArray(tree))
    return { file: { tree: tree as Tree, lineOf }, faults }
  const shape = wholeFault(
    'the file is no mapping',
    'allowed: keys and values, such as name: edge-1',
  )
  return { file: { tree: {}, lineOf }, faults: [...faults, shape] }
}

const wholeFault = (problem: string, allowed: string): Fault => ({
  path: [],
  problem,
  allowed,
  line: null,
})

const syntaxFault = (error: YAMLError): Fault => ({
  path: [],
  problem: `this is no YAML: ${(error.message.split('\n')[0] ?? '').replace(/ at line \d+, column \d+:$|; please use .*/, '')}`,
  allowed: 'allowed: YAML 1.2, each key once',
  line: error.linePos?.[0].line ?? null,
})

/**
 * Copies a tree with its placeholders replaced. A key without a value counts as not written, so that
 * its default holds; a source without a value (`otlp_http:`) is one with its defaults.
 */
const filler = (given: {
  readonly references: readonly Reference[]
  readonly environment: Environment
  readonly lineOf: (path: Path) => number | null
  readonly faults: Fault[]
}) => {
  const report = (path: Path, problem: string, allowed: string) =>
    given.faults.push({ path, problem, allowed, line: given.lineOf(path) })
  const original = (text: string) =>
    text.replace(placeholder, (_, index) => given.references[Number(index)]?.text ?? '')
  const fill = (value: unknown, path: Path): unknown => {
    if (path.length > depthMax) {
      report(path, 'this is nested too deeply', `allowed: ${depthMax} levels`)
      return undefined
    }
    if (typeof value === 'string')
      return filled(
        { text: value, references: given.references, environment: given.environment },
        (problem, allowed) => report(path, problem, allowed),
      )
    if (Array.isArray(value)) return value.map((item, index) => fill(item, [...path, index]))
    if (typeof value !== 'object' || value === null) return value
    const entries = Object.entries(value).flatMap(([written, item]) => {
      const key = original(written)
      if (item === null) return path.length === 1 && path[0] === 'sources' ? [[key, {}]] : []
      return [[key, fill(item, [...path, key])]]
    })
    return Object.fromEntries(entries)
  }
  return fill
}

const substitutionAllowed = `allowed: \${NAME} or \${NAME:-default}; $\${ stands for a literal \${`

const filled = (
  given: {
    readonly text: string
    readonly references: readonly Reference[]
    readonly environment: Environment
  },
  report: (problem: string, allowed: string) => void,
): string => {
  if (given.text.includes('${'))
    report(`this has a \${ that begins no substitution`, substitutionAllowed)
  return given.text.replace(placeholder, (_, index) => {
    const { name, fallback } = given.references[Number(index)] ?? {}
    if (name === undefined) return '${'
    const value = given.environment[name]
    // As in a shell, `:-` also stands in for a variable that is set and empty.
    if (fallback !== undefined) return value === undefined || value === '' ? fallback : value
    if (value !== undefined) return value
    report(
      `the environment has no variable ${name}`,
      `set it, or give a default: \${${name}:-default}`,
    )
    return ''
  })
}

/** Where the key of the last step stands, or as far along the path as the file goes. */
const offsetOf = (root: unknown, path: Path): number | undefined => {
  let node = root as Node | null | undefined
  let offset: number | undefined
  for (const step of path) {
    if (isMap(node)) {
      const pair: Pair | undefined = node.items.find(
        ({ key }) => isScalar(key) && String(key.value) === String(step),
      )
      if (pair === undefined) return offset
      offset = (pair.key as Node).range?.[0] ?? offset
      node = pair.value as Node | null
    } else if (isSeq(node)) {
      node = node.items[Number(step)] as Node | undefined
      offset = node?.range?.[0] ?? offset
    } else return offset
  }
  return offset
}
