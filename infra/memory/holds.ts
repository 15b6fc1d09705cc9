/**
 * Gives the memory of payloads back when nobody uses it any more. V8 would find out by itself, but it looks
 * only once some 64 MB lie outside its heap, and then at all of it.
 *
 * Constraints
 * - Only memory that was declared to be of payloads alone is given back. All other holds do nothing.
 * - Whoever has bytes of it that others may let go of holds them, before anything else has a turn.
 * - Memory of which nobody says that he is done with it is V8's to collect, as ever. So who is in doubt
 *   does not let go.
 * - Memory that was given back too early cannot be read: it is of length 0 from then on. But what the
 *   operating system was told to write it would still write: it is done when it says so, not before.
 */

/** Lets go, at the first call. */
export type LetGo = () => void

type Memory = { users: number }

const memories = new WeakMap<ArrayBuffer, Memory>()

/**
 * Declares that memory is used by nobody but through these bytes and slices of them, and by those only
 * while they are held. Bytes that do not fill their memory have it with others, such as those of Node's
 * pool for small buffers: they are left alone.
 */
export const declareOwn = ({ buffer, byteLength }: Uint8Array): void => {
  const isWhole = buffer instanceof ArrayBuffer && buffer.byteLength === byteLength
  if (isWhole && !memories.has(buffer)) memories.set(buffer, { users: 0 })
}

/** Bytes that nobody lets go of meanwhile. */
export const hold = (payload: readonly Uint8Array[]): LetGo => {
  const held: ArrayBuffer[] = []
  for (const { buffer } of payload) {
    const memory = memories.get(buffer as ArrayBuffer)
    if (memory === undefined) continue
    memory.users += 1
    held.push(buffer as ArrayBuffer)
  }
  return () => {
    for (const buffer of held.splice(0)) letGoOf(buffer)
  }
}

const letGoOf = (buffer: ArrayBuffer): void => {
  const memory = memories.get(buffer)
  if (memory === undefined) return
  memory.users -= 1
  if (memory.users > 0) return
  memories.delete(buffer)
  buffer.transfer(0)
}
