/** Composed states as rows of integers, found again by their hash. */

/** The number of a row; `isNew` says whether it was there before. */
export type Added = { readonly id: number; readonly isNew: boolean }
export type StateTable = {
  readonly add: (row: readonly number[]) => Added
  readonly row: (id: number) => readonly number[]
  readonly size: () => number
}

export const openStateTable = (width: number): StateTable => {
  let rows = new Uint32Array(width * 1_024)
  let slots = new Uint32Array(4_096)
  let size = 0

  const hashOf = (row: ArrayLike<number>, at: number): number => {
    let hash = 0x9e3779b9
    for (let i = 0; i < width; i++) {
      hash = Math.imul(hash ^ (row[at + i] ?? 0), 0x85ebca6b)
      hash ^= hash >>> 13
    }
    return Math.imul(hash, 0xc2b2ae35) >>> 0
  }
  const isAt = (row: readonly number[], id: number): boolean => {
    for (let i = 0; i < width; i++) if (rows[id * width + i] !== row[i]) return false
    return true
  }
  const grow = (): void => {
    if ((size + 1) * width > rows.length) {
      const larger = new Uint32Array(rows.length * 2)
      larger.set(rows)
      rows = larger
    }
    if (size * 2 < slots.length) return
    slots = new Uint32Array(slots.length * 2)
    for (let id = 0; id < size; id++) {
      let slot = hashOf(rows, id * width) & (slots.length - 1)
      while (slots[slot] !== 0) slot = (slot + 1) & (slots.length - 1)
      slots[slot] = id + 1
    }
  }
  return {
    add: (row) => {
      grow()
      let slot = hashOf(row, 0) & (slots.length - 1)
      for (let id = slots[slot] ?? 0; id !== 0; id = slots[slot] ?? 0) {
        if (isAt(row, id - 1)) return { id: id - 1, isNew: false }
        slot = (slot + 1) & (slots.length - 1)
      }
      rows.set(row, size * width)
      slots[slot] = size + 1
      size += 1
      return { id: size - 1, isNew: true }
    },
    row: (id) => Array.from(rows.subarray(id * width, (id + 1) * width)),
    size: () => size,
  }
}

/** A list of integers that grows. */
export type Integers = {
  readonly push: (value: number) => void
  readonly at: (index: number) => number
  readonly size: () => number
}
export const openIntegers = (): Integers => {
  let values = new Uint32Array(1_024)
  let size = 0
  return {
    push: (value) => {
      if (size === values.length) {
        const larger = new Uint32Array(size * 2)
        larger.set(values)
        values = larger
      }
      values[size] = value
      size += 1
    },
    at: (index) => values[index] ?? 0,
    size: () => size,
  }
}
