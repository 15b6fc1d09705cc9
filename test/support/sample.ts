import {
  type Definition,
  type DefinitionsByName,
  isArray,
  isDefinition,
  isUnion,
  type Shape,
} from '../../schemas/definition.ts'

/** What a sample is made for: each case takes other branches, symbols and sizes. */
export const sampleCases = ['least', 'usual', 'most'] as const
export type SampleCase = (typeof sampleCases)[number]

const longs: Record<SampleCase, readonly number[]> = {
  least: [0, -1],
  usual: [1, 63, 64, 8191, 1_700_000_000_000],
  most: [2 ** 31, 2 ** 53 - 2, -(2 ** 52)],
}
const ints: Record<SampleCase, readonly number[]> = {
  least: [0],
  usual: [307, 308],
  most: [2 ** 31 - 1, -(2 ** 31)],
}
const texts: Record<SampleCase, readonly string[]> = {
  least: [''],
  usual: ['edge-1', 'auth', 'default'],
  most: ['Zürich → 東京', '🜂'.repeat(40), 'a\u0000b'],
}
const doubles: Record<SampleCase, readonly number[]> = {
  least: [0],
  usual: [0.5, 0.25],
  most: [Number.MAX_VALUE, -Number.MIN_VALUE],
}
const counts: Record<SampleCase, number> = { least: 0, usual: 2, most: 3 }

/** A value of a definition, always the same one: `type` is set when it is a message. */
export const sampleOf = (
  definition: Definition,
  names: DefinitionsByName,
  sampleCase: SampleCase,
): object => {
  let turn = 0
  const next = <T>(choices: readonly T[]): T => {
    const choice = choices[turn % choices.length]
    turn += 1
    if (choice === undefined) throw new TypeError('There is nothing to choose from.')
    return choice
  }
  const primitives: Readonly<Record<string, () => unknown>> = {
    boolean: () => sampleCase !== 'least',
    double: () => next(doubles[sampleCase]),
    int: () => next(ints[sampleCase]),
    long: () => next(longs[sampleCase]),
    null: () => null,
    string: () => next(texts[sampleCase]),
  }
  const valueFor = (shape: Shape): unknown => {
    if (typeof shape === 'string') {
      const primitive = primitives[shape]
      const named = names.get(shape)
      if (primitive !== undefined) return primitive()
      if (named !== undefined) return valueFor(named)
      throw new TypeError(`The sampler does not know the type "${shape}".`)
    }
    if (isUnion(shape))
      return valueFor(shape[sampleCase === 'least' ? 0 : shape.length - 1] ?? 'null')
    if (isArray(shape))
      return Array.from({ length: counts[sampleCase] }, () => valueFor(shape.items))
    if (!isDefinition(shape)) return valueFor(shape.type)
    if (shape.type === 'enum') return next(shape.symbols)
    return Object.fromEntries(shape.fields.map(({ name, type }) => [name, valueFor(type)]))
  }
  const event = definition.type === 'record' ? definition.event : undefined
  const value = valueFor(definition) as object
  return event === undefined ? value : { type: event, ...value }
}
