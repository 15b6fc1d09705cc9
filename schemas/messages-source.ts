import {
  byName,
  type Definition,
  type Field,
  isArray,
  isDefinition,
  isUnion,
  type Shape,
} from './definition.ts'

const primitives: Readonly<Record<string, string>> = {
  boolean: 'boolean',
  bytes: 'Buffer',
  double: 'number',
  int: 'number',
  long: 'number',
  null: 'null',
  string: 'string',
}

/** The text of `messages.ts` as the schemas demand it, not yet formatted. */
export const messagesSource = (definitions: readonly Definition[]): string => {
  const declared = [...byName(definitions).values()]
  const messages = declared.flatMap((it) =>
    it.type === 'record' && it.event !== undefined ? [{ name: it.name, event: it.event }] : [],
  )
  const values = declared.filter((it) => it.type === 'record' && it.event === undefined)
  return [
    '// Written by `npm run generate` from avro/*.avsc. Change those.',
    `import type { ${importsOf(declared).join(', ')} } from './brand.ts'`,
    ...declared.map(declarationOf),
    '\n/** Each message by its type. */\nexport type Messages = {',
    ...messages.map(({ event, name }) => `  readonly '${event}': ${name}`),
    '}\nexport type MessageType = keyof Messages\nexport type Message = Messages[MessageType]',
    '\n/** Each record that is a part of messages, by its name. */\nexport type Values = {',
    ...values.map(({ name }) => `  readonly ${name}: ${name}`),
    '}\n',
  ].join('\n')
}

const declarationOf = (named: Definition): string => {
  const doc = named.doc === undefined ? '' : `\n/** ${named.doc} */`
  if (named.type === 'enum') {
    const union = named.symbols.map((symbol) => `'${symbol}'`).join(' | ')
    return `${doc}\nexport type ${named.name} = ${union}`
  }
  const event = named.event === undefined ? [] : [`  readonly type: '${named.event}'`]
  const body = ['{', ...event, ...named.fields.map(fieldOf), '}'].join('\n')
  const shape = named.brand === undefined ? body : `Branded<${body}, '${named.brand}'>`
  return `${doc}\nexport type ${named.name} = ${shape}`
}

const fieldOf = ({ name, type, doc }: Field): string =>
  `${doc === undefined ? '' : `  /** ${doc} */\n`}  readonly ${name}: ${typeOf(type)}`

const typeOf = (shape: Shape): string => {
  if (typeof shape === 'string') return primitives[shape] ?? shape
  if (isUnion(shape)) return shape.map(typeOf).join(' | ')
  if (isArray(shape)) return `readonly ${parenthesised(typeOf(shape.items))}[]`
  return isDefinition(shape) ? shape.name : shape.brand
}
const parenthesised = (type: string): string => (type.includes(' ') ? `(${type})` : type)

/** What the declarations use of `brand.ts`. */
const importsOf = (declared: readonly Definition[]): readonly string[] => {
  const used = new Set<string>()
  const visit = (shape: Shape): void => {
    if (typeof shape === 'string' || isDefinition(shape)) return
    if (isUnion(shape)) shape.forEach(visit)
    else if (isArray(shape)) visit(shape.items)
    else used.add(shape.brand)
  }
  for (const named of declared) {
    if (named.type !== 'record') continue
    if (named.brand !== undefined) used.add('Branded')
    for (const { type } of named.fields) visit(type)
  }
  return [...used].sort()
}
