import type { z } from 'zod'
import type { ConfigFile, Path } from './config-file.ts'
import { type Fault, meant } from './fault.ts'
import { allowedIn } from './scalars.ts'
import { fileSchema } from './schema.ts'

type Issue = z.core.$ZodIssue

/** What zod found, in the words of whoever wrote the file. */
export const faultsOf = (issues: readonly Issue[], file: ConfigFile): readonly Fault[] =>
  issues.flatMap((issue) => faults(issue, [], file))

const faults = (issue: Issue, above: Path, file: ConfigFile): readonly Fault[] => {
  const path: Path = [
    ...above,
    ...issue.path.map((key) => (typeof key === 'number' ? key : String(key))),
  ]
  const fault = (problem: string, allowed: string): readonly Fault[] => [
    { path, problem, allowed, line: file.lineOf(path) },
  ]
  switch (issue.code) {
    case 'unrecognized_keys': {
      const known = keysAt(path)
      return issue.keys.map((key) => ({
        path: [...path, key],
        problem: `there is no such key${meant(key, known)}`,
        allowed: `allowed: ${known.join(', ')}`,
        line: file.lineOf([...path, key]),
      }))
    }
    case 'invalid_value': {
      const values = issue.values.map(String)
      const written = valueAt(file.tree, path)
      return fault(
        written === undefined
          ? 'this is missing'
          : `"${textOf(written)}" is not known${meant(textOf(written), values)}`,
        `allowed: ${values.join(', ')}`,
      )
    }
    case 'invalid_type':
      return fault(found(valueAt(file.tree, path)), `allowed: ${kindNamed(issue.expected)}`)
    case 'invalid_union': {
      const branch = issue.errors.find((errors) => errors.some(isInside))
      if (branch !== undefined) return branch.flatMap((inner) => faults(inner, path, file))
      return fault(
        found(valueAt(file.tree, path)),
        `allowed: ${[...new Set(issue.errors.flat().flatMap(kindsIn))].join(' or ')}`,
      )
    }
    case 'too_big':
      return fault('there are too many', `allowed: ${issue.maximum} at most`)
    case 'custom':
      return fault(issue.message, allowedIn(issue.params) ?? 'allowed: another value')
    default:
      return fault(issue.message, 'allowed: another value')
  }
}

/** The branch of a union that was meant is the one whose fault lies deeper than its type. */
const isInside = (issue: Issue): boolean =>
  issue.path.length > 0 || (issue.code !== 'invalid_type' && issue.code !== 'invalid_union')

const kindsIn = (issue: Issue): readonly string[] =>
  issue.code === 'invalid_union'
    ? issue.errors.flat().flatMap(kindsIn)
    : issue.code === 'invalid_type'
      ? [kindNamed(issue.expected)]
      : []

const kinds: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  object: 'a mapping',
  record: 'a mapping',
  array: 'a list',
}
const kindNamed = (expected: string): string => kinds[expected] ?? expected

const found = (value: unknown): string => {
  if (value === undefined) return 'this is missing'
  if (Array.isArray(value)) return 'this is a list'
  if (typeof value === 'object') return 'this is a mapping'
  return `this is a ${typeof value === 'string' ? 'text' : typeof value}`
}

const textOf = (value: unknown): string =>
  typeof value === 'object' ? 'this' : String(value).slice(0, 80)

const valueAt = (tree: unknown, path: Path): unknown =>
  path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, key)
        ? (value as Record<string | number, unknown>)[key]
        : undefined,
    tree,
  )

/** The keys that the schema has at a path: it is walked through its wrappers, lists and unions. */
const keysAt = (path: Path): readonly string[] => {
  let schemas = [fileSchema as unknown as Definition]
  for (const step of path)
    schemas = schemas.flatMap(unwrapped).flatMap(({ def }) => {
      const next = typeof step === 'number' ? def.element : def.shape?.[step]
      return next === undefined ? [] : [next]
    })
  return schemas.flatMap(unwrapped).flatMap(({ def }) => Object.keys(def.shape ?? {}))
}
type Definition = {
  readonly def: {
    readonly innerType?: Definition
    readonly options?: readonly Definition[]
    readonly element?: Definition
    readonly shape?: Readonly<Record<string, Definition>>
    readonly in?: Definition
  }
}
const unwrapped = (schema: Definition): readonly Definition[] => {
  const { innerType, options } = schema.def
  if (innerType !== undefined) return unwrapped(innerType)
  return options === undefined ? [schema] : options.flatMap(unwrapped)
}
