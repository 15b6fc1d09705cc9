/**
 * Avro schemas as the files in avro/ write them: one named type a file, all in one namespace, types of
 * other files by their bare names. Attributes of ours beside Avro's own: `event` (the type of the
 * message that a record is) and `brand` (of a long, a string or a record, for the compiler alone).
 */
export const namespace = 'holdfast'

export type Definition = RecordDefinition | EnumDefinition
type Named = { readonly name: string; readonly namespace?: string; readonly doc?: string }
export type RecordDefinition = Named & {
  readonly type: 'record'
  readonly event?: string
  readonly brand?: string
  readonly fields: readonly Field[]
}
export type EnumDefinition = Named & {
  readonly type: 'enum'
  readonly symbols: readonly string[]
  readonly default?: string
}
export type Field = {
  readonly name: string
  readonly type: Shape
  readonly doc?: string
  readonly default?: unknown
}
/** What stands where a type is asked for. */
export type Shape = string | readonly Shape[] | Definition | ArrayShape | BrandedShape
type ArrayShape = { readonly type: 'array'; readonly items: Shape }
type BrandedShape = { readonly type: 'long' | 'string'; readonly brand: string }

export type DefinitionsByName = ReadonlyMap<string, Definition>

export const isUnion = (shape: Shape): shape is readonly Shape[] => Array.isArray(shape)
export const isDefinition = (shape: Shape): shape is Definition =>
  typeof shape === 'object' && !isUnion(shape) && 'name' in shape
export const isArray = (shape: Shape): shape is ArrayShape =>
  typeof shape === 'object' && !isUnion(shape) && shape.type === 'array'

/**
 * Every named type in the definitions, those that are defined inside another one too.
 * @throws {DuplicateNameError} when two have one name.
 */
export const byName = (definitions: readonly Definition[]): DefinitionsByName => {
  const found = new Map<string, Definition>()
  const visit = (shape: Shape): void => {
    if (typeof shape === 'string') return
    if (isUnion(shape)) shape.forEach(visit)
    else if (isArray(shape)) visit(shape.items)
    else if (isDefinition(shape)) {
      if (found.has(shape.name)) throw new DuplicateNameError(shape.name)
      found.set(shape.name, shape)
      if (shape.type === 'record') for (const { type } of shape.fields) visit(type)
    }
  }
  definitions.forEach(visit)
  return found
}

/**
 * The definition without what is no part of the wire (`doc`, `brand`), each name that it uses defined
 * where it is first used: what a reader needs who has nothing else.
 * @param seen names that are defined already, so that they are only named. It is added to.
 */
export const selfContained = (
  definition: Definition,
  names: DefinitionsByName,
  seen: Set<string> = new Set(),
): Definition => {
  const expanded = (shape: Shape): Shape => {
    if (typeof shape === 'string') {
      const named = names.get(shape)
      return named === undefined ? shape : define(named)
    }
    if (isUnion(shape)) return shape.map(expanded)
    if (isArray(shape)) return { type: 'array', items: expanded(shape.items) }
    return isDefinition(shape) ? define(shape) : shape.type
  }
  const define = (named: Definition): Shape => {
    if (seen.has(named.name)) return named.name
    seen.add(named.name)
    const { name } = named
    if (named.type === 'enum') {
      const { symbols } = named
      const fallback = named.default === undefined ? {} : { default: named.default }
      return { type: 'enum', name, namespace, symbols, ...fallback }
    }
    const event = named.event === undefined ? {} : { event: named.event }
    const fields = named.fields.map((field) => ({
      name: field.name,
      type: expanded(field.type),
      ...('default' in field ? { default: field.default } : {}),
    }))
    return { type: 'record', name, namespace, ...event, fields }
  }
  return define(definition) as Definition
}

/** All definitions, each name defined once: a list that can be read from front to back. */
export const inOrder = (definitions: readonly Definition[]): readonly Definition[] => {
  const names = byName(definitions)
  const seen = new Set<string>()
  return definitions.flatMap((definition) =>
    seen.has(definition.name) ? [] : [selfContained(definition, names, seen)],
  )
}

export class DuplicateNameError extends Error {
  override readonly name = 'DuplicateNameError'

  constructor(type: string) {
    super(`Two Avro schemas define the name "${type}". Rename one of them.`)
  }
}
