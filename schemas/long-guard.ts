import avro, { type Type } from 'avsc'

/** Answers the first long in a value that avsc would write as another one. */
export type InexactLong = (value: unknown) => number | undefined

/** avsc 5.7.9 writes longs below this with the wrong sign: their zigzag form is no exact number. */
const longMin = -(2 ** 52)

/** Compiles the search for a type; `undefined` when there is no long in it. Do it once a type. */
export const inexactLongOf = (type: Type): InexactLong | undefined => {
  if (type instanceof avro.types.LongType) return inexact
  if (type instanceof avro.types.ArrayType) {
    const find = inexactLongOf(type.itemsType)
    return find && ((value) => (Array.isArray(value) ? firstOf(value, find) : undefined))
  }
  if (type instanceof avro.types.UnwrappedUnionType) {
    const finds = type.types.map(inexactLongOf).filter((it) => it !== undefined)
    return finds.length === 0 ? undefined : (value) => firstOf(finds, (find) => find(value))
  }
  if (type instanceof avro.types.RecordType) {
    const finds = type.fields.flatMap(({ name, type: fieldType }) => {
      const find = inexactLongOf(fieldType)
      return find === undefined ? [] : [{ name, find }]
    })
    if (finds.length === 0) return undefined
    return (value) => {
      if (typeof value !== 'object' || value === null) return undefined
      const fields = value as Readonly<Record<string, unknown>>
      return firstOf(finds, ({ name, find }) => find(fields[name]))
    }
  }
  return undefined
}

const inexact: InexactLong = (value) =>
  typeof value === 'number' && value < longMin ? value : undefined

const firstOf = <Item>(items: readonly Item[], find: (item: Item) => number | undefined) => {
  for (const item of items) {
    const found = find(item)
    if (found !== undefined) return found
  }
  return undefined
}
