import { useEffect, useState } from 'preact/hooks'

/** A value that changes, and who wants to know. */
export type Store<Value> = {
  readonly get: () => Value
  readonly set: (value: Value) => void
  readonly subscribe: (listener: () => void) => () => void
}

export const openStore = <Value>(initial: Value): Store<Value> => {
  let value = initial
  const listeners = new Set<() => void>()
  return {
    get: () => value,
    set: (next) => {
      value = next
      for (const listener of listeners) listener()
    },
    subscribe: (listener) => {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },
  }
}

export const useStore = <Value>({ get, subscribe }: Store<Value>): Value => {
  const [value, setValue] = useState(get)
  useEffect(() => {
    setValue(() => get())
    return subscribe(() => setValue(() => get()))
  }, [get, subscribe])
  return value
}
