import { KafkaError } from './kafka-error.ts'

/**
 * What the client library promises, or a `KafkaError` when it takes too long. It cannot be told to stop:
 * what it was asked may still be done afterwards.
 * @throws {KafkaError} `unavailable` after `limitMs`.
 */
export const within = async <Value>(
  promise: Promise<Value>,
  { limitMs, attempted }: { readonly limitMs: number; readonly attempted: string },
): Promise<Value> => {
  let timeout: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timeout = setTimeout(() => {
      const message = `${attempted} has not ended after ${limitMs} ms. It may yet.`
      reject(new KafkaError('unavailable', message))
    }, limitMs)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timeout)
  }
}
