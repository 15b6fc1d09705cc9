/**
 * What one webhook has to be told, in its order. One notice is open for each kind and subject, and what
 * happens joins it until it is its turn: so what is lost while a webhook does not answer is one notice
 * of it, and not a thousand. Of one subject one notice at a time is under way.
 */
import type { Drop } from '../../schemas/messages.ts'
import { joined, lossOf, withoutRanges } from './loss.ts'
import type { Address, Happening, NoticeKind, Open, Sealed } from './notice.ts'
import { sealed } from './notice.ts'

export type Pace = {
  /** How long a notice of a loss waits for more of it. */
  readonly lingerMs: number
  /** While a loss goes on, the longest time between two notices of it. */
  readonly intervalMs: number
  readonly backoff: { readonly initialMs: number; readonly maxMs: number }
}

export type Lane = {
  readonly webhook: string
  readonly lose: (drop: Drop, nowMs: number) => void
  readonly happen: (
    kind: Exclude<NoticeKind, 'drop'>,
    happened: {
      readonly subject: string
      readonly mark: string
      readonly happening: Happening
      readonly nowMs: number
    },
  ) => void
  /** Takes what is due, oldest first, as far as there is room under way. Answers whether any was. */
  readonly seal: (nowMs: number) => boolean
  /** Takes everything that is open, due or not: the process ends. */
  readonly hurry: () => void
  readonly waiting: () => readonly Sealed[]
  readonly open: () => readonly Open[]
  readonly acknowledged: (id: string) => void
  /** When to try again. */
  readonly failed: (
    id: string,
    failure: {
      readonly detail: string
      readonly retryAfterMs: number | null
      readonly nowMs: number
    },
  ) => void
  /** Takes one out that is not to be sent any more. */
  readonly remove: (id: string) => Sealed | undefined
  /** Takes out the one that has been here for longest. */
  readonly removeOldest: (nowMs: number) => Sealed | undefined
  /** Puts a dead letter back, or one of a webhook that is no more. */
  readonly revive: (notice: Sealed, nowMs: number) => void
  /** Has those that wait for another attempt tried at once; answers how many there are. */
  readonly retryNow: (isAsked: (notice: Sealed) => boolean, nowMs: number) => number
  /** Leaves the sums alone of all losses that are open. Answers whether that was of any use. */
  readonly thinOut: () => boolean
}

export type Restored = { readonly open: readonly Open[]; readonly sealed: readonly Sealed[] }

/** Notices under way at a time: one that is sent again and again does not hold up all others. */
const sealedMax = 16
const eventsMax = 20
/** Between the first notice of a loss that goes on and its second; then twice as long each time. */
const firstIntervalMs = 60_000
/** Subjects whose last notice is remembered, to space the next one. */
const recentMax = 10_000

type Recent = { readonly sealedAtMs: number; readonly intervalMs: number }

export const openLane = ({
  address,
  pace,
  chance,
  restored,
}: {
  readonly address: Address
  readonly pace: Pace
  readonly chance: () => number
  readonly restored: Restored
}): Lane => {
  const open = new Map(restored.open.map((notice) => [keyOf(notice), notice]))
  const underWay = new Map(restored.sealed.map((notice) => [notice.id, notice]))
  const recent = new Map<string, Recent>()
  let hurried = false

  const dueAtMs = (notice: Open): number => {
    if (hurried || notice.kind !== 'drop') return notice.openedAtMs
    const last = recent.get(notice.subject)
    const spacedMs = last === undefined ? 0 : last.sealedAtMs + last.intervalMs
    return Math.max(notice.openedAtMs + pace.lingerMs, spacedMs)
  }
  const space = (notice: Open, nowMs: number): void => {
    if (notice.kind !== 'drop') return
    const last = recent.get(notice.subject)
    const goesOn = last !== undefined && nowMs <= last.sealedAtMs + 2 * last.intervalMs
    const wantedMs = goesOn ? 2 * last.intervalMs : firstIntervalMs
    recent.delete(notice.subject)
    recent.set(notice.subject, {
      sealedAtMs: nowMs,
      intervalMs: Math.min(wantedMs, pace.intervalMs),
    })
    const [oldest] = recent.keys()
    if (recent.size > recentMax && oldest !== undefined) recent.delete(oldest)
  }
  const take = (notice: Open, nowMs: number): Sealed => {
    open.delete(keyOf(notice))
    space(notice, nowMs)
    return sealed(notice, address, nowMs)
  }
  const change = (id: string, changed: Partial<Sealed>): void => {
    const notice = underWay.get(id)
    if (notice !== undefined) underWay.set(id, { ...notice, ...changed })
  }

  return {
    webhook: address.webhook,
    lose: (drop, nowMs) => {
      const subject = drop.tenant
      const key = keyOf({ kind: 'drop', subject })
      const known = open.get(key)
      const now = { kind: 'drop', subject, lastAtMs: nowMs } as const
      if (known?.kind === 'drop')
        open.set(key, { ...known, ...now, loss: joined(known.loss, drop) })
      else open.set(key, { ...now, openedAtMs: nowMs, loss: lossOf(drop) })
    },
    happen: (kind, { subject, mark, happening, nowMs }) => {
      const key = keyOf({ kind, subject })
      const known = open.get(key)
      const before = known === undefined || known.kind === 'drop' ? undefined : known
      const events = [...(before?.events ?? []), happening]
      open.set(key, {
        kind,
        subject,
        openedAtMs: before?.openedAtMs ?? nowMs,
        lastAtMs: nowMs,
        firstMark: before?.firstMark ?? mark,
        lastMark: mark,
        events: events.slice(-eventsMax),
        eventsOmitted: (before?.eventsOmitted ?? 0) + Math.max(0, events.length - eventsMax),
      })
    },
    seal: (nowMs) => {
      const busy = new Set([...underWay.values()].map(({ subject }) => subject))
      let took = false
      for (const notice of [...open.values()].sort(byAge)) {
        if (underWay.size >= sealedMax) break
        if (busy.has(notice.subject) || dueAtMs(notice) > nowMs) continue
        const taken = take(notice, nowMs)
        underWay.set(taken.id, taken)
        busy.add(notice.subject)
        took = true
      }
      return took
    },
    hurry: () => {
      hurried = true
    },
    waiting: () => [...underWay.values()],
    open: () => [...open.values()],
    acknowledged: (id) => {
      underWay.delete(id)
    },
    failed: (id, { detail, retryAfterMs, nowMs }) => {
      const attempts = (underWay.get(id)?.attempts ?? 0) + 1
      const pauseMs = Math.max(pauseMsOf(pace.backoff, { attempts, chance }), retryAfterMs ?? 0)
      change(id, { attempts, failure: detail, nextAtMs: nowMs + pauseMs })
    },
    remove: (id) => {
      const notice = underWay.get(id)
      underWay.delete(id)
      return notice
    },
    removeOldest: (nowMs) => {
      const [oldest] = [...open.values(), ...underWay.values()].sort(byAge)
      if (oldest === undefined) return undefined
      if (!('id' in oldest)) return take(oldest, nowMs)
      underWay.delete(oldest.id)
      return oldest
    },
    revive: (notice, nowMs) => {
      underWay.set(notice.id, { ...notice, attempts: 0, sealedAtMs: nowMs, nextAtMs: nowMs })
    },
    retryNow: (isAsked, nowMs) => {
      const asked = [...underWay.values()].filter((it) => it.nextAtMs > nowMs && isAsked(it))
      for (const { id } of asked) change(id, { nextAtMs: nowMs })
      return asked.length
    },
    thinOut: () => {
      let thinner = false
      for (const [key, notice] of open) {
        if (notice.kind !== 'drop' || notice.loss.ranges.length === 0) continue
        open.set(key, { ...notice, loss: withoutRanges(notice.loss) })
        thinner = true
      }
      return thinner
    },
  }
}

const keyOf = ({ kind, subject }: Pick<Open, 'kind' | 'subject'>): string => `${kind} ${subject}`
const byAge = (one: { readonly openedAtMs: number }, other: { readonly openedAtMs: number }) =>
  one.openedAtMs - other.openedAtMs

/** Twice as long after each failure, and up to half of it is chance: not all come back at one time. */
const pauseMsOf = (
  { initialMs, maxMs }: Pace['backoff'],
  { attempts, chance }: { readonly attempts: number; readonly chance: () => number },
): number => {
  const wholeMs = Math.min(maxMs, initialMs * 2 ** Math.min(attempts - 1, 30))
  return Math.ceil(wholeMs * (1 - chance() / 2))
}
