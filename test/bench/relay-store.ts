/**
 * What both yardsticks do between taking a request and sending it on: a file, one `fdatasync` for all
 * requests that came during the one before, and so many senders. No checksums, no account, no streams,
 * no recovery: what is in the file is lost to them when they stop.
 */
import { open } from 'node:fs/promises'

export const senders = 8
/** Of bodies in memory; those beyond it are read back from the file. */
const heldBytesMax = 32 * 1024 * 1024
const retryMs = 100

/** A body in the pieces that it came in. */
export type Body = { readonly pieces: readonly Buffer[]; readonly length: number }
type Incoming = { readonly body: Body; readonly answer: () => void }
type Stored = { readonly offset: number; readonly length: number; pieces: readonly Buffer[] | null }

export type RelayStore = {
  /** Calls `answer` once the body is synced. */
  readonly take: (incoming: Incoming) => void
}

export const openRelayStore = async (
  path: string,
  /** Sends it by the sender of this number, from 0; false: it is to be tried again. */
  isTaken: (body: Body, sender: number) => Promise<boolean>,
): Promise<RelayStore> => {
  const file = await open(path, 'wx+')
  const incoming: Incoming[] = []
  const outgoing: Stored[] = []
  const idle = Array.from({ length: senders }, (_, sender) => sender)
  let end = 0
  let heldBytes = 0
  let committing = false

  const commit = async (): Promise<void> => {
    committing = true
    while (incoming.length > 0) {
      const group = incoming.splice(0)
      await file.writev(
        group.flatMap(({ body }) => body.pieces),
        end,
      )
      await file.datasync()
      for (const { body, answer } of group) {
        outgoing.push({ offset: end, length: body.length, pieces: hold(body) })
        end += body.length
        answer()
      }
      while (outgoing.length > 0) {
        const sender = idle.pop()
        if (sender === undefined) break
        void send(sender)
      }
    }
    committing = false
  }

  const hold = ({ pieces, length }: Body): readonly Buffer[] | null => {
    if (heldBytes + length > heldBytesMax) return null
    heldBytes += length
    return pieces
  }

  /** Ends when nothing is left. */
  const send = async (sender: number): Promise<void> => {
    for (let stored = outgoing.shift(); stored !== undefined; stored = outgoing.shift()) {
      const { length } = stored
      const pieces = stored.pieces ?? [await read(stored)]
      if (stored.pieces !== null) heldBytes -= length
      while (!(await isTaken({ pieces, length }, sender)))
        await new Promise((resolve) => setTimeout(resolve, retryMs))
    }
    idle.push(sender)
  }

  const read = async ({ offset, length }: Stored): Promise<Buffer> => {
    const bytes = Buffer.allocUnsafe(length)
    await file.read(bytes, 0, length, offset)
    return bytes
  }

  return {
    take: (it) => {
      incoming.push(it)
      if (!committing) void commit()
    },
  }
}

/** Tells whoever started it where it listens. */
export const tellReady = (port: number): void => {
  process.stdout.write(`${JSON.stringify({ event: 'ready', url: `http://127.0.0.1:${port}` })}\n`)
}
