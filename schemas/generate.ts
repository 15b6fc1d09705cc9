/**
 * Writes `messages.ts` from `avro/*.avsc`: `npm run generate`.
 * The schemas are the source; a test fails when the types lag behind them.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

type Field = { name: string; type: Schema; doc?: string }
type Named = {
  type: 'record' | 'enum'
  name: string
  doc?: string
  event?: string
  brand?: string
  fields?: Field[]
  symbols?: string[]
}
type Schema =
  | string
  | readonly Schema[]
  | Named
  | { type: 'array'; items: Schema }
  | { type: string; brand: string }

const folder = join(import.meta.dirname, 'avro')
const target = join(import.meta.dirname, 'messages.ts')
const primitives: Record<string, string> = {
  boolean: 'boolean',
  bytes: 'Buffer',
  double: 'number',
  int: 'number',
  long: 'number',
  null: 'null',
  string: 'string',
}

/** The source text of `messages.ts` as the schemas demand it. */
export const messagesSource = (): string => {
  const declared: Named[] = []
  const declare = (named: Named): string => {
    declared.push(named)
    for (const field of named.fields ?? []) typeOf(field.type)
    return named.name
  }
  const typeOf = (schema: Schema): string => {
    if (typeof schema === 'string') return primitives[schema] ?? schema
    if (isUnion(schema)) return schema.map(typeOf).join(' | ')
    if ('items' in schema) return `readonly ${parenthesised(typeOf(schema.items))}[]`
    if ('name' in schema) {
      return declared.some(({ name }) => name === schema.name) ? schema.name : declare(schema)
    }
    return schema.brand
  }
  const files = readdirSync(folder)
    .filter((file) => file.endsWith('.avsc'))
    .sort()
  for (const file of files) declare(JSON.parse(readFileSync(join(folder, file), 'utf8')) as Named)

  const brands = [...new Set([...JSON.stringify(declared).matchAll(/"type":"(?:long|string)","brand":"(\w+)"/g)].map(([, it]) => it))].sort() // biome-ignore format: one thought
  const messages = declared.filter(({ event }) => event !== undefined)
  return [
    '// Written by `npm run generate` from avro/*.avsc. Change those.',
    `import type { Branded, ${brands.join(', ')} } from './brand.ts'`,
    ...declared.map((named) => declaration(named, typeOf)),
    'export type Messages = {',
    ...messages.map(({ event, name }) => `  readonly '${event}': ${name}`),
    '}',
    'export type MessageType = keyof Messages',
    '',
  ].join('\n')
}

const declaration = (named: Named, typeOf: (schema: Schema) => string): string => {
  const doc = named.doc === undefined ? '' : `\n/** ${named.doc} */`
  if (named.type === 'enum') {
    const union = (named.symbols ?? []).map((symbol) => `'${symbol}'`).join(' | ')
    return `${doc}\nexport type ${named.name} = ${union}`
  }
  const fields = (named.fields ?? []).map(
    ({ name, type, doc: why }) =>
      `${why === undefined ? '' : `  /** ${why} */\n`}  readonly ${name}: ${typeOf(type)}`,
  )
  const event = named.event === undefined ? [] : [`  readonly type: '${named.event}'`]
  const body = ['{', ...event, ...fields, '}'].join('\n')
  const shape = named.brand === undefined ? body : `Branded<${body}, '${named.brand}'>`
  return `${doc}\nexport type ${named.name} = ${shape}`
}

const isUnion = (schema: Schema): schema is readonly Schema[] => Array.isArray(schema)
const parenthesised = (type: string): string => (type.includes(' ') ? `(${type})` : type)

if (process.argv[1] === import.meta.filename) writeFileSync(target, messagesSource())
