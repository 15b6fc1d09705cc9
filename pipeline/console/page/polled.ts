import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { type Failure, get, type Result } from './client.ts'

export type Polled<Value> = {
  /** The last answer, also while the next one is awaited or has failed. */
  readonly value: Value | undefined
  readonly failure: Failure | undefined
  readonly again: () => void
}

/** An answer of the admin API, kept fresh while the page is looked at. A path that is null is not asked. */
export const usePolled = <Value>(
  path: string | null,
  parameters: Readonly<Record<string, string | number | undefined>>,
  everyMs: number,
): Polled<Value> => {
  const [state, setState] = useState<{
    readonly key: string
    readonly result: Result<Value>
    readonly value: Value | undefined
  }>()
  const key = JSON.stringify([path, parameters])
  const [turn, setTurn] = useState(0)
  const asked = useRef(parameters)
  asked.current = parameters

  useEffect(() => {
    if (path === null) return
    // `again` asks anew, though nothing else has changed.
    void turn
    let timer: ReturnType<typeof setTimeout> | undefined
    let isOver = false
    const look = async (): Promise<void> => {
      if (!document.hidden) {
        const result = await get<Value>(path, asked.current)
        if (isOver) return
        setState((before) => ({
          key,
          result,
          value:
            result.kind === 'answer'
              ? result.value
              : before?.key === key
                ? before.value
                : undefined,
        }))
      }
      timer = setTimeout(look, everyMs)
    }
    void look()
    return () => {
      isOver = true
      clearTimeout(timer)
    }
  }, [key, path, everyMs, turn])

  const again = useCallback(() => setTurn((count) => count + 1), [])
  const isOfKey = state?.key === key
  return {
    value: isOfKey ? state.value : undefined,
    failure: isOfKey && state.result.kind !== 'answer' ? state.result : undefined,
    again,
  }
}
