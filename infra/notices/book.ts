/**
 * The outbox as a book: what every webhook has to be told, what could not be told, and how far the
 * drop events and the assignments have been taken in. It is kept within a number of bytes, whatever
 * happens: first the lists of ranges go, then the oldest notice becomes a dead letter, aloud.
 */
import type { Assignment, Drop } from '../../schemas/messages.ts'
import type { Lane, Pace, Restored } from './lane.ts'
import { openLane } from './lane.ts'
import type { Address, DeadLetter, Happening, NoticeKind, Open, Sealed } from './notice.ts'
import { sealed } from './notice.ts'

/**
 * How far the drop events have been taken in: up to an id, or from an instant on; or, where they are read
 * from a topic, from an offset on.
 */
export type Place =
  | { readonly after: string }
  | { readonly sinceMs: number }
  | { readonly offset: number }
/** The assignment that was told of last. */
export type Route = Pick<Assignment, 'epoch' | 'url'>

/** The head of the book, beside its notices. */
export type Head = {
  readonly nonce: string
  readonly place: Place
  readonly route: Route | null
}

export type Recipient = {
  readonly webhook: string
  /** Patterns of tenants, as they are configured. */
  readonly tenants: readonly string[]
  readonly covers: (tenant: string) => boolean
}

export type Book = {
  readonly lanes: readonly Lane[]
  readonly head: () => Head
  readonly lose: (drop: Drop, nowMs: number) => void
  /** Up to there drop events have been looked at. */
  readonly looked: (place: Place) => void
  /** Tells each pattern of each webhook of what concerns the pipeline as a whole. */
  readonly happen: (
    kind: Exclude<NoticeKind, 'drop'>,
    happened: {
      readonly mark: string
      readonly happening: (tenants: string) => Happening
      readonly nowMs: number
    },
  ) => void
  readonly routed: (route: Route) => void
  readonly dead: () => readonly DeadLetter[]
  /** Gives a notice up. */
  readonly bury: (
    given: { readonly webhook: string; readonly notice: Sealed },
    why: { readonly why: string; readonly nowMs: number },
  ) => void
  /** Puts dead letters back where they came from; if that is no more, to whom their tenant concerns. */
  readonly revive: (isAsked: (letter: DeadLetter) => boolean, nowMs: number) => number
  /** Its lines, within `bytesMax`. */
  readonly lines: (nowMs: number) => readonly string[]
}

/** The part of the room that dead letters may take. */
const deadShare = 0.25
const deadMax = 1_000
/** A restored notice is tried again after so long at most. */
const waitMsMax = 3_600_000

export type BookOptions = {
  readonly recipients: readonly Recipient[]
  readonly source: string
  readonly pace: Pace
  readonly chance: () => number
  readonly bytesMax: number
  readonly head: Head
  readonly restored: readonly Entry[]
  readonly nowMs: number
  /** One is given up: say it. */
  readonly buried: (letter: DeadLetter) => void
  /** A dead letter has to make room: whoever says it is the last who can. */
  readonly forgotten: (letter: DeadLetter) => void
  /** Lists of ranges were left out for want of room. */
  readonly thinned: () => void
}

/** A line of the book behind its head. */
export type Entry =
  | { readonly webhook: string; readonly open: Open }
  | { readonly webhook: string; readonly sealed: Sealed }
  | { readonly dead: DeadLetter }

export const openBook = (options: BookOptions): Book => {
  const { recipients, restored, bytesMax } = options
  let head = options.head
  const dead = restored.flatMap((entry) => ('dead' in entry ? [entry.dead] : []))
  const lanes = recipients.map(({ webhook }) => laneOf(options, webhook))

  const forget = (): void => {
    const letter = dead.shift()
    if (letter !== undefined) options.forgotten(letter)
  }
  const bury: Book['bury'] = ({ webhook, notice }, { why, nowMs }) => {
    const letter = { ...notice, webhook, why, deadAtMs: nowMs }
    dead.push(letter)
    options.buried(letter)
    if (dead.length > deadMax) forget()
  }
  const taken = (): readonly { readonly lane: Lane; readonly bytes: number }[] =>
    lanes.map((lane) => ({ lane, bytes: bytesOf(linesOf(lane)) }))
  const excess = (roomBytes: number): number =>
    taken().reduce((sum, { bytes }) => sum + bytes, -roomBytes)

  /** The lane that takes the most gives up its oldest, until all is within the room. */
  const makeRoom = (roomBytes: number, nowMs: number): void => {
    if (excess(roomBytes) <= 0) return
    const thinner = lanes.map((lane) => lane.thinOut())
    if (thinner.includes(true)) options.thinned()
    for (let over = excess(roomBytes); over > 0; over = excess(roomBytes)) {
      const [largest] = taken().toSorted((one, other) => other.bytes - one.bytes)
      if (largest === undefined || largest.bytes === 0) return
      const { lane } = largest
      for (let freed = 0; freed < over; ) {
        const notice = lane.removeOldest(nowMs)
        if (notice === undefined) break
        freed += bytesOf([lineOf(notice)])
        bury({ webhook: lane.webhook, notice }, { why: 'the outbox is full', nowMs })
      }
    }
  }

  const known = new Set(recipients.map(({ webhook }) => webhook))
  for (const entry of restored) {
    if ('dead' in entry || known.has(entry.webhook)) continue
    const { webhook } = entry
    const address = { source: options.source, webhook, nonce: head.nonce }
    const { nowMs } = options
    const notice = 'open' in entry ? sealed(entry.open, address, nowMs) : entry.sealed
    bury({ webhook, notice }, { why: 'the webhook is no longer configured', nowMs })
  }
  return {
    lanes,
    head: () => head,
    lose: (drop, nowMs) => {
      for (const [index, { covers }] of recipients.entries())
        if (covers(drop.tenant)) lanes[index]?.lose(drop, nowMs)
    },
    looked: (place) => {
      head = { ...head, place }
    },
    happen: (kind, { mark, happening, nowMs }) => {
      for (const [index, { tenants }] of recipients.entries())
        for (const subject of tenants)
          lanes[index]?.happen(kind, { subject, mark, happening: happening(subject), nowMs })
    },
    routed: (route) => {
      head = { ...head, route }
    },
    dead: () => dead,
    bury,
    revive: (isAsked, nowMs) => {
      const asked = dead.filter(isAsked)
      let revived = 0
      for (const letter of asked) {
        const targets = targetsOf(letter, { recipients, lanes })
        if (targets.length === 0) continue
        dead.splice(dead.indexOf(letter), 1)
        revived += 1
        const { webhook: _, deadAtMs: __, why: ___, ...notice } = letter
        for (const lane of targets) lane.revive(notice, nowMs)
      }
      return revived
    },
    lines: (nowMs) => {
      const headLine = JSON.stringify(head)
      const roomBytes = bytesMax - bytesOf([headLine])
      const deadBytesMax = roomBytes * deadShare
      makeRoom(roomBytes - deadBytesMax, nowMs)
      const letters = dead.map((letter) => `{"dead":${lineOf(letter)}}`)
      for (let bytes = bytesOf(letters); bytes > deadBytesMax; ) {
        bytes -= bytesOf([letters.shift() ?? ''])
        forget()
      }
      return [headLine, ...lanes.flatMap(linesOf), ...letters]
    },
  }
}

const laneOf = (options: BookOptions, webhook: string): Lane => {
  const { source, pace, chance, head, restored, nowMs } = options
  const address: Address = { source, webhook, nonce: head.nonce }
  const mine = restored.filter((entry) => 'webhook' in entry && entry.webhook === webhook)
  const notices: Restored = {
    // Where the machine's clock was set back between two lives, what lies ahead would be waited for.
    open: mine.flatMap((entry) =>
      'open' in entry
        ? [{ ...entry.open, openedAtMs: Math.min(entry.open.openedAtMs, nowMs + waitMsMax) }]
        : [],
    ),
    sealed: mine.flatMap((entry) =>
      'sealed' in entry
        ? [{ ...entry.sealed, nextAtMs: Math.min(entry.sealed.nextAtMs, nowMs + waitMsMax) }]
        : [],
    ),
  }
  return openLane({ address, pace, chance, restored: notices })
}

const targetsOf = (
  { webhook, kind, subject }: { webhook: string; kind: NoticeKind; subject: string },
  { recipients, lanes }: { recipients: readonly Recipient[]; lanes: readonly Lane[] },
): readonly Lane[] => {
  const own = lanes.filter((lane) => lane.webhook === webhook)
  if (own.length > 0) return own
  return lanes.filter((_, index) => kind !== 'drop' || recipients[index]?.covers(subject) === true)
}

const linesOf = (lane: Lane): readonly string[] => {
  const webhook = JSON.stringify(lane.webhook)
  return [
    ...lane.open().map((notice) => `{"webhook":${webhook},"open":${lineOf(notice)}}`),
    ...lane.waiting().map((notice) => `{"webhook":${webhook},"sealed":${lineOf(notice)}}`),
  ]
}

/** Notices are never changed, but replaced: each is written out once. */
const written = new WeakMap<object, string>()
const lineOf = (notice: Open | Sealed | DeadLetter): string => {
  const known = written.get(notice)
  if (known !== undefined) return known
  const line = JSON.stringify(notice)
  written.set(notice, line)
  return line
}

/** With the line feed behind each. */
const bytesOf = (lines: readonly string[]): number =>
  lines.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0)
