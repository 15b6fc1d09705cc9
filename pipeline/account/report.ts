/** What was lost or is held back of a time, per tenant and service. */

import type { Batch, Drop, DropReason } from '../../schemas/messages.ts'
import { recordsIn } from '../../schemas/range-set.ts'
import type { Observed } from '../observed.ts'
import { acceptedIn, type Gap, gapOf, verdictOf } from './completeness.ts'
import { instantText, isoOrNull } from './instant-text.ts'
import { type Lateness, latenessIn } from './lateness.ts'
import { openSpans, type Spans } from './spans.ts'
import { type Scope, visitDrops, visitHeld } from './survey.ts'
import { overlaps, type Window, windowOfBatch, windowOfDrop } from './window.ts'

/** What `GET /api/v1/report` answers. Instants are ISO 8601, ends inclusive. */
export type Report = {
  /** The only one it speaks of; null: all of them. */
  readonly tenant: string | null
  readonly from: string
  readonly to: string
  readonly asOf: string
  readonly verdict: 'complete' | 'pending' | 'incomplete'
  /** Records ever accepted, of any time: with 0, nothing lost says nothing. */
  readonly accepted: number
  readonly lost: Loss
  readonly heldBack: Backlog
  /** Delivered after all. */
  readonly late: Lateness
  /** Most lost first. */
  readonly streams: readonly StreamReport[]
  /** Oldest first; `unlisted` are counted and not listed. */
  readonly events: readonly Gap[]
  readonly unlisted: number
  /** When losses were noticed. */
  readonly noticed: readonly TimeSpan[]
  readonly doubts: readonly string[]
}
export type Loss = {
  readonly records: number
  readonly events: number
  /** Of the records lost, as far as they have times: these bound it. */
  readonly first: string | null
  readonly last: string | null
  readonly noticedFirst: string | null
  readonly noticedLast: string | null
}
export type Backlog = {
  readonly records: number
  readonly batches: number
  readonly first: string | null
  readonly last: string | null
  /** When the oldest of them was accepted. */
  readonly since: string | null
}
export type StreamReport = {
  readonly tenant: string
  readonly service: string
  readonly lost: Loss
  readonly reasons: readonly (Loss & { readonly reason: DropReason })[]
  readonly heldBack: Backlog
  /** Where in the window something may be missing, and where something is held. */
  readonly lostTimes: readonly TimeSpan[]
  readonly heldTimes: readonly TimeSpan[]
}
export type TimeSpan = { readonly from: string; readonly to: string }

const eventsMax = 1_000
/** Beyond so many streams, those that come later are summed under one name. */
const streamsMax = 2_000
const others = { tenant: '(others)', service: '(others)' }

export const reportOf = async (
  observed: Pick<Observed, 'ledger' | 'held' | 'doubts' | 'book'>,
  asked: Scope & Window,
  nowMs: number,
): Promise<Report> => {
  const streams = openStreams(asked)
  const [lost, heldBack, noticed] = [openLoss(), openBacklog(), openSpans(asked)]
  const events: Gap[] = []
  const heldCut = await visitHeld(observed, asked, ({ batch }) => {
    const window = windowOfBatch(batch)
    if (!overlaps(window, asked)) return
    const stream = streams.of(batch)
    for (const backlog of [heldBack, stream.heldBack]) addHeld(backlog, batch)
    stream.heldTimes.add(window)
  })
  const drops = await visitDrops(observed, asked, (drop) => {
    const window = windowOfDrop(drop)
    if (!overlaps(window, asked)) return
    const stream = streams.of(drop)
    const reason = stream.reasons.get(drop.reason) ?? openLoss()
    stream.reasons.set(drop.reason, reason)
    for (const loss of [lost, stream.lost, reason]) addDrop(loss, drop)
    stream.lostTimes.add(window)
    noticed.add({ fromMs: drop.atMs, toMs: drop.atMs })
    if (events.length < eventsMax) events.push(gapOf(drop))
  })
  const { verdict, doubts } = verdictOf({
    observed,
    looked: { held: heldCut, drops },
    lostEvents: lost.events,
    fromMs: asked.fromMs,
    isOpen: heldBack.batches > 0 || asked.toMs > nowMs,
  })
  return {
    tenant: asked.tenant ?? null,
    from: instantText(asked.fromMs),
    to: instantText(asked.toMs),
    asOf: instantText(nowMs),
    verdict,
    accepted: acceptedIn(observed, asked),
    lost: shownLoss(lost),
    heldBack: shownBacklog(heldBack),
    late: await latenessIn(observed, asked),
    streams: streams.shown(),
    events,
    unlisted: lost.events - events.length,
    noticed: shownSpans(noticed),
    doubts,
  }
}

type LossSums = { records: number; events: number; times: Extremes; noticed: Extremes }
type BacklogSums = { records: number; batches: number; times: Extremes; acceptedMs: number }
type Extremes = { firstMs: number; lastMs: number }
type StreamSums = Readonly<{
  tenant: string
  service: string
  lost: LossSums
  heldBack: BacklogSums
  reasons: Map<DropReason, LossSums>
  lostTimes: Spans
  heldTimes: Spans
}>

const openLoss = (): LossSums => ({
  ...{ records: 0, events: 0 },
  times: { firstMs: 0, lastMs: 0 },
  noticed: { firstMs: 0, lastMs: 0 },
})
const openBacklog = (): BacklogSums => ({
  ...{ records: 0, batches: 0, acceptedMs: 0 },
  times: { firstMs: 0, lastMs: 0 },
})

const openStreams = (window: Window) => {
  const streams = new Map<string, StreamSums>()
  const of = ({ tenant, service }: { tenant: string; service: string }): StreamSums => {
    const key = JSON.stringify([tenant, service])
    const known = streams.get(key)
    if (known !== undefined) return known
    if (streams.size >= streamsMax && tenant !== others.tenant) return of(others)
    const spans = { lostTimes: openSpans(window), heldTimes: openSpans(window) }
    const sums = { lost: openLoss(), heldBack: openBacklog(), reasons: new Map() }
    const stream: StreamSums = { tenant, service, ...sums, ...spans }
    streams.set(key, stream)
    return stream
  }
  const shown = (): readonly StreamReport[] =>
    [...streams.values()]
      .sort((a, b) => b.lost.records - a.lost.records || b.heldBack.records - a.heldBack.records)
      .map(({ tenant, service, lost, heldBack, reasons, lostTimes, heldTimes }) => ({
        tenant,
        service,
        lost: shownLoss(lost),
        reasons: [...reasons].map(([reason, loss]) => ({ reason, ...shownLoss(loss) })),
        heldBack: shownBacklog(heldBack),
        lostTimes: shownSpans(lostTimes),
        heldTimes: shownSpans(heldTimes),
      }))
  return { of, shown }
}

const addDrop = (loss: LossSums, { records, fromMs, toMs, atMs }: Drop): void => {
  loss.records += records
  loss.events += 1
  stretch(loss.times, { fromMs, toMs })
  stretch(loss.noticed, { fromMs: atMs, toMs: atMs })
}

const addHeld = (backlog: BacklogSums, batch: Batch): void => {
  backlog.records += recordsIn(batch)
  backlog.batches += 1
  backlog.acceptedMs = Math.min(backlog.acceptedMs || batch.acceptedAtMs, batch.acceptedAtMs)
  stretch(backlog.times, batch)
}

/** 0 stands for no time. */
const stretch = (extremes: Extremes, { fromMs, toMs }: Window): void => {
  if (fromMs > 0) extremes.firstMs = Math.min(extremes.firstMs || fromMs, fromMs)
  extremes.lastMs = Math.max(extremes.lastMs, toMs)
}

const shownLoss = ({ records, events, times, noticed }: LossSums): Loss => ({
  ...{ records, events },
  first: isoOrNull(times.firstMs),
  last: isoOrNull(times.lastMs),
  noticedFirst: isoOrNull(noticed.firstMs),
  noticedLast: isoOrNull(noticed.lastMs),
})
const shownBacklog = ({ records, batches, times, acceptedMs }: BacklogSums): Backlog => ({
  ...{ records, batches },
  first: isoOrNull(times.firstMs),
  last: isoOrNull(times.lastMs),
  since: isoOrNull(acceptedMs),
})
const shownSpans = (spans: Spans): readonly TimeSpan[] =>
  spans.list().map(({ fromMs, toMs }) => ({ from: instantText(fromMs), to: instantText(toMs) }))
