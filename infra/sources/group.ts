import type { Part } from '../../actors/collector/protocol.ts'
import { instant } from '../../schemas/brand.ts'
import type { Batch, Priority } from '../../schemas/messages.ts'
import { recordsIn } from '../../schemas/range-set.ts'
import { divide } from '../otlp/cut.ts'
import { earlier, measure, type StreamPart } from '../otlp/split.ts'
import type { Unstored } from '../ring/record-log.ts'
import { type TracePlace, withPlace } from '../telemetry/telemetry.ts'
import type { Kept, Refused, Request } from './intake.ts'

/** A request in the queue, and whom to tell how it ended. */
export type Waiting = {
  readonly request: Request
  readonly bytes: number
  readonly records: number
  readonly arrivedAtMs: number
  readonly settle: (outcome: Kept | Refused) => void
}

/** Requests that are appended as one, joined by stream. */
export type Group = {
  readonly waiting: readonly Waiting[]
  readonly parts: readonly Part[]
  /** Of the parts, in their order. */
  readonly payloads: readonly (readonly Uint8Array[])[]
  /** From where each part comes, as far as that is traced. */
  readonly places: readonly (readonly TracePlace[])[]
}

export type GroupOptions = {
  readonly recordsMax: number
  readonly bytesMax: number
  readonly priorityOf: (tenant: string, service: string) => Priority
}

const unplaced: readonly TracePlace[] = []

type Joined = { -readonly [Key in keyof Part]: Part[Key] } & {
  readonly payload: Uint8Array[]
  places: readonly TracePlace[]
}

export const formGroup = (waiting: readonly Waiting[], options: GroupOptions): Group => {
  const joined: Joined[] = []
  const open = new Map<string, Joined>()
  for (const { request, arrivedAtMs } of waiting)
    for (const part of request.parts)
      for (const piece of piecesOf(part, options)) {
        const key = `${part.tenant.length}/${part.tenant}/${part.service}`
        const last = open.get(key)
        const fitting = last !== undefined && fits(last, piece, options) ? last : undefined
        const into = fitting ?? start(piece, { ...options, arrivedAtMs })
        if (request.place !== undefined) into.places = withPlace(into.places, request.place)
        if (fitting !== undefined) append(fitting, piece)
        else {
          open.set(key, into)
          joined.push(into)
        }
      }
  return {
    waiting,
    parts: joined.map(({ payload: _, places: __, ...part }) => part),
    payloads: joined.map(({ payload }) => payload),
    places: joined.map(({ places }) => places),
  }
}

/** What becomes one batch must not exceed a batch's limits; what does is divided. */
const piecesOf = (
  part: StreamPart,
  { recordsMax, bytesMax }: GroupOptions,
): readonly StreamPart[] => {
  if (part.records <= recordsMax && part.bytes <= bytesMax) return [part]
  if (part.records <= 1) return [part]
  const { tenant, service } = part
  // Its pieces may break anywhere, and it is walked as one.
  return divide([Buffer.concat(part.payload)], { recordsMax, bytesMax }).map((payload) => ({
    tenant,
    service,
    payload: [payload],
    ...measure(payload),
  }))
}

const fits = (last: Joined, piece: StreamPart, { recordsMax, bytesMax }: GroupOptions): boolean =>
  last.records + piece.records <= recordsMax && last.bytes + piece.bytes <= bytesMax

const start = (
  piece: StreamPart,
  { priorityOf, arrivedAtMs }: GroupOptions & { readonly arrivedAtMs: number },
): Joined => ({
  tenant: piece.tenant,
  service: piece.service,
  records: piece.records,
  bytes: piece.bytes,
  priority: priorityOf(piece.tenant, piece.service),
  fromMs: instant(piece.fromMs),
  toMs: instant(piece.toMs),
  acceptedAtMs: instant(arrivedAtMs),
  payload: [...piece.payload],
  places: unplaced,
})

const append = (last: Joined, piece: StreamPart): void => {
  last.records += piece.records
  last.bytes += piece.bytes
  last.fromMs = instant(earlier(last.fromMs, piece.fromMs))
  last.toMs = instant(Math.max(last.toMs, piece.toMs))
  for (const slice of piece.payload) last.payload.push(slice)
}

/**
 * The numbered batches of a group with their payloads.
 * @throws {Error} when they are not the parts of that group, in their order: that is a mistake in
 * the program, and storing other bytes under these coordinates would be a silent loss.
 */
export const payloadsOf = (
  group: Group | undefined,
  { appendId, batches }: { readonly appendId: number; readonly batches: readonly Batch[] },
): readonly Unstored[] | undefined => {
  if (group === undefined) return undefined
  if (group.parts.length !== batches.length)
    throw new Error(
      `Append ${appendId} has ${group.parts.length} parts, but ${batches.length} batches.`,
    )
  return batches.map((batch, index) => {
    const part = group.parts[index]
    const payload = group.payloads[index]
    if (part === undefined || payload === undefined || !matches(part, batch))
      throw new Error(`Batch ${batch.id} is not part ${index} of append ${appendId}.`)
    return { batch, payload }
  })
}

const matches = (part: Part, batch: Batch): boolean =>
  part.tenant === batch.tenant &&
  part.service === batch.service &&
  part.bytes === batch.bytes &&
  part.records === recordsIn(batch)
