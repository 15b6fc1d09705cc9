/** A shelf numbers values: equal ones have the same number, from 0, and are one object from then on. */
export type Shelf<Value> = {
  readonly idOf: (value: Value) => number
  readonly at: (id: number) => Value
  readonly size: () => number
}

/** Values are never changed in place; `keyOf` tells which are equal. */
export const openShelf = <Value>(
  keyOf: (value: Value) => string = JSON.stringify,
): Shelf<Value> => {
  const ids = new Map<string, number>()
  const known = new Map<Value, number>()
  const values: Value[] = []
  return {
    idOf: (value) => {
      const before = known.get(value)
      if (before !== undefined) return before
      const key = keyOf(value)
      const found = ids.get(key)
      if (found !== undefined) return found
      const id = values.length
      ids.set(key, id)
      known.set(value, id)
      values.push(value)
      return id
    },
    at: (id) => {
      const value = values[id]
      if (value === undefined) throw new RangeError(`There is no number ${id} on this shelf.`)
      return value
    },
    size: () => values.length,
  }
}
