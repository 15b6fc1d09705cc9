import type { Path, Tree } from './config-file.ts'
import type { Fault } from './fault.ts'

/**
 * What a configuration may ask for and this version cannot do. It is refused by name, since a source
 * that is silently left out is a loss that nobody hears of. Support for something is
 * added by taking its line from here and giving it a place in the schema.
 */
const unsupported: readonly {
  readonly path: Path
  readonly asks: (value: unknown) => boolean
  readonly supported: string
}[] = [
  ...['otlp_grpc', 'syslog', 'ndjson', 'files'].map((source) => ({
    path: ['sources', source],
    asks: () => true,
    supported: 'otlp_http',
  })),
  {
    path: ['endpoint', 'protocol'],
    asks: (value) => ['otlp_grpc', 'ndjson', 'kafka', 'file'].includes(String(value)),
    supported: 'otlp_http',
  },
]

const isMapping = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The tree without what is unsupported, and a fault for each thing that was taken out. */
export const withoutUnsupported = (
  tree: Tree,
  lineOf: (path: Path) => number | null,
): { readonly tree: Tree; readonly faults: readonly Fault[] } => {
  const found = unsupported.filter(({ path }) => valueAt(tree, path) !== undefined)
  return {
    tree: found.reduce(
      (left, { path, asks }) => (asks(valueAt(tree, path)) ? without(left, path) : left),
      tree,
    ),
    faults: found
      .filter(({ path, asks }) => asks(valueAt(tree, path)))
      .map(({ path, supported }) => ({
        path,
        problem: 'this is not supported in this version',
        allowed: `allowed: ${supported}`,
        line: lineOf(path),
      })),
  }
}

const valueAt = (tree: Tree, path: Path): unknown =>
  path.reduce<unknown>(
    (value, key) => (isMapping(value) && Object.hasOwn(value, key) ? value[key] : undefined),
    tree,
  )

const without = (tree: Tree, [key, ...rest]: Path): Tree => {
  if (key === undefined || !Object.hasOwn(tree, key)) return tree
  const { [key]: value, ...others } = tree
  return rest.length > 0 && isMapping(value) ? { ...tree, [key]: without(value, rest) } : others
}
