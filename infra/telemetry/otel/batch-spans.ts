/**
 * A span for each batch that is traced, open from its acceptance to its end. Which are open is known
 * here alone and in memory: after a restart a batch that is sent gets a span anew, with the time at
 * which it was accepted and without the client's trace.
 */
import { type Span, SpanStatusCode } from '@opentelemetry/api'
import type { Fate } from '../../../actors/delivery/protocol.ts'
import type { Batch, Held } from '../../../schemas/messages.ts'
import { recordsIn } from '../../../schemas/range-set.ts'
import { isSampled, type TracePlace } from '../telemetry.ts'
import { attributes, events, spanNames } from './names.ts'
import type { Begin } from './tracing.ts'

export type BatchSpans = {
  readonly open: (held: Held, from: readonly TracePlace[]) => void
  /** The span of a batch that is traced. */
  readonly of: (held: Held) => Span | undefined
  readonly end: (fate: Fate) => void
  /** Ends those that lie in a segment, as dropped. */
  readonly evict: (segment: number) => void
  /** Ends these, as held. */
  readonly release: (held: readonly Held[]) => void
  /** Ends all, as held. */
  readonly close: () => void
}

/** Spans open at a time, some 3 kB each: through a long outage no more batches than these are traced. */
export const openMax = 4_096
/** Producers whose batches were accepted in this process. There is a new one for each new life. */
const producersMax = 64

/** Without a span: a batch of a former life that was decided against, so that it is not decided again. */
type Entry = { readonly span: Span | undefined; readonly segment: number }

export const openBatchSpans = ({
  begin,
  full,
}: {
  readonly begin: Begin
  /** Called once, when there are as many as may be. */
  readonly full: () => void
}): BatchSpans => {
  const entries = new Map<string, Entry>()
  const producers = new Set<string>()
  let wasFull = false

  const hasRoom = (): boolean => {
    if (entries.size < openMax) return true
    if (!wasFull) full()
    wasFull = true
    return false
  }
  const note = (producer: string): void => {
    if (producers.has(producer)) return
    const [oldest] = producers
    if (oldest !== undefined && producers.size >= producersMax) producers.delete(oldest)
    producers.add(producer)
  }
  const start = (
    { batch, at }: Held,
    { from, resumed }: { from: readonly TracePlace[]; resumed: 'resumed' | 'new' },
  ): Entry => {
    const parent = from.find(isSampled) ?? from[0]
    const begun = begin(parent)
    if (begun.kind === 'unsampled') return { span: undefined, segment: at.segment }
    const links = from
      .filter((place) => place !== parent && isSampled(place))
      .map((place) => ({ context: place }))
    const span = begun.start(spanNames.batch, {
      startTime: batch.acceptedAtMs,
      links,
      attributes: {
        ...batchAttributes(batch),
        ...(resumed === 'resumed' ? { [attributes.batchResumed]: true } : {}),
      },
    })
    return { span, segment: at.segment }
  }
  const finish = (key: string, { span }: Entry, end: End): void => {
    entries.delete(key)
    if (span !== undefined) endSpan(span, end)
  }

  return {
    open: (held, from) => {
      const { id, producer } = held.batch
      note(producer)
      if (from.length > 0 && !from.some(isSampled)) return
      if (!hasRoom()) return
      const entry = start(held, { from, resumed: 'new' })
      if (entry.span !== undefined) entries.set(id, entry)
    },
    of: (held) => {
      const { id, producer } = held.batch
      const known = entries.get(id)
      if (known !== undefined) return known.span
      if (producers.has(producer) || !hasRoom()) return undefined
      const entry = start(held, { from: [], resumed: 'resumed' })
      entries.set(id, entry)
      return entry.span
    },
    end: ({ held: { batch }, delivered, drops }) => {
      const entry = entries.get(batch.id)
      if (entry === undefined) return
      for (const { firstSeq, lastSeq, records, reason, detail } of drops)
        entry.span?.addEvent(events.dropped, {
          [attributes.firstSeq]: firstSeq,
          [attributes.lastSeq]: lastSeq,
          [attributes.records]: records,
          [attributes.dropReason]: reason,
          [attributes.dropDetail]: detail,
        })
      const dropped = drops.reduce((sum, { records }) => sum + records, 0)
      finish(batch.id, entry, { outcome: outcomeOf(delivered, dropped), delivered, dropped })
    },
    evict: (segment) => {
      for (const [id, entry] of entries)
        if (entry.segment === segment)
          finish(id, entry, { outcome: 'dropped', why: 'its segment of the cache was evicted' })
    },
    release: (held) => {
      for (const { batch } of held) {
        const entry = entries.get(batch.id)
        if (entry !== undefined) finish(batch.id, entry, { outcome: 'held' })
      }
    },
    close: () => {
      for (const [id, entry] of entries) finish(id, entry, { outcome: 'held' })
    },
  }
}

type End = {
  readonly outcome: 'delivered' | 'dropped' | 'partly_dropped' | 'held'
  readonly delivered?: number
  readonly dropped?: number
  readonly why?: string
}

const outcomeOf = (delivered: number, dropped: number): End['outcome'] => {
  if (dropped === 0) return 'delivered'
  return delivered === 0 ? 'dropped' : 'partly_dropped'
}

const endSpan = (span: Span, { outcome, delivered, dropped, why }: End): void => {
  span.setAttribute(attributes.batchOutcome, outcome)
  if (delivered !== undefined) span.setAttribute(attributes.batchDelivered, delivered)
  if (dropped !== undefined) span.setAttribute(attributes.batchDropped, dropped)
  if (outcome === 'dropped' || outcome === 'partly_dropped')
    span.setStatus({ code: SpanStatusCode.ERROR, message: why ?? 'records were dropped' })
  span.end()
}

const batchAttributes = (batch: Batch) => ({
  'messaging.system': 'holdfast',
  'messaging.batch.message_count': recordsIn(batch),
  'messaging.message.body.size': batch.bytes,
  [attributes.batchId]: batch.id,
  [attributes.producer]: batch.producer,
  [attributes.tenant]: batch.tenant,
  [attributes.service]: batch.service,
  [attributes.firstSeq]: batch.firstSeq,
  [attributes.lastSeq]: batch.lastSeq,
})
