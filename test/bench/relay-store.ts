/**
 * What both yardsticks do between taking a request and sending it on: files, one `fdatasync` for all
 * requests that came during the one before, and so many senders. No checksums, no account, no streams,
 * no recovery: what is in the files is lost to them when they stop.
 */
import { type FileHandle, open, unlink } from 'node:fs/promises'
import { parseArgs } from 'node:util'

export const senders = 8
/** Of bodies in memory; those beyond it are read back from the file. */
const heldBytesMax = 32 * 1024 * 1024
const retryMs = 100

/** A body in the pieces that it came in. */
export type Body = { readonly pieces: readonly Buffer[]; readonly length: number }
type Incoming = { readonly body: Body; readonly answer: () => void }
type Segment = { readonly path: string; readonly file: FileHandle; end: number; unsent: number }
type Stored = {
  readonly segment: Segment
  readonly offset: number
  readonly length: number
  pieces: readonly Buffer[] | null
}

export type RelayStore = {
  /** Calls `answer` once the body is synced. */
  readonly take: (incoming: Incoming) => void
}

/** Without bounds, one file grows for as long as it runs. */
export type RelayOptions = {
  readonly to: string
  /** What the names of files begin with. */
  readonly file: string
  /** A file that has so many is written no further. */
  readonly segmentBytes: number
  /** When there are more the oldest goes, whether what is in it was sent or not. */
  readonly segmentsMax: number
}

/** Of the words that a yardstick was started with. */
export const relayOptions = (): RelayOptions => {
  const { values } = parseArgs({
    options: {
      to: { type: 'string', default: '' },
      file: { type: 'string', default: '' },
      'segment-bytes': { type: 'string', default: 'Infinity' },
      'segments-max': { type: 'string', default: 'Infinity' },
    },
  })
  return {
    to: values.to,
    file: values.file,
    segmentBytes: Number(values['segment-bytes']),
    segmentsMax: Number(values['segments-max']),
  }
}

export const openRelayStore = async (
  options: RelayOptions,
  /** Sends it by the sender of this number, from 0; false: it is to be tried again. */
  isTaken: (body: Body, sender: number) => Promise<boolean>,
): Promise<RelayStore> => {
  /** The oldest first; the last is written. */
  const segments: Segment[] = []
  const incoming: Incoming[] = []
  const outgoing: Stored[] = []
  const idle = Array.from({ length: senders }, (_, sender) => sender)
  let begun = 0
  let heldBytes = 0
  let committing = false

  const begin = async (): Promise<Segment> => {
    const path = `${options.file}-${begun}`
    begun += 1
    const segment = { path, file: await open(path, 'wx+'), end: 0, unsent: 0 }
    segments.push(segment)
    return segment
  }
  const remove = async (segment: Segment): Promise<void> => {
    segments.splice(segments.indexOf(segment), 1)
    await segment.file.close()
    await unlink(segment.path)
  }
  const dropOldest = async (): Promise<void> => {
    const [oldest] = segments
    while (outgoing[0] !== undefined && outgoing[0].segment === oldest) {
      const { pieces, length } = outgoing[0]
      if (pieces !== null) heldBytes -= length
      outgoing.shift()
    }
    if (oldest !== undefined) await remove(oldest)
  }
  /** What one commit writes is in one file. */
  const segmentToWrite = async (): Promise<Segment> => {
    const last = segments.at(-1)
    if (last !== undefined && last.end < options.segmentBytes) return last
    while (segments.length >= options.segmentsMax) await dropOldest()
    const next = await begin()
    // What was sent until now belonged to the file that is written.
    if (last?.unsent === 0 && segments.includes(last)) await remove(last)
    return next
  }

  const commit = async (): Promise<void> => {
    committing = true
    while (incoming.length > 0) {
      const group = incoming.splice(0)
      const segment = await segmentToWrite()
      await segment.file.writev(
        group.flatMap(({ body }) => body.pieces),
        segment.end,
      )
      await segment.file.datasync()
      segment.unsent += group.length
      for (const { body, answer } of group) {
        outgoing.push({ segment, offset: segment.end, length: body.length, pieces: hold(body) })
        segment.end += body.length
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
      const { segment, length } = stored
      const pieces = stored.pieces ?? [await read(stored)]
      if (stored.pieces !== null) heldBytes -= length
      while (!(await isTaken({ pieces, length }, sender)))
        await new Promise((resolve) => setTimeout(resolve, retryMs))
      segment.unsent -= 1
      const isRead = segment.unsent === 0 && segment !== segments.at(-1)
      if (isRead && segments.includes(segment)) await remove(segment)
    }
    idle.push(sender)
  }

  const read = async ({ segment, offset, length }: Stored): Promise<Buffer> => {
    const bytes = Buffer.allocUnsafe(length)
    await segment.file.read(bytes, 0, length, offset)
    return bytes
  }

  await begin()
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
