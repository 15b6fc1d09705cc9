/**
 * The outbox: tells each webhook what concerns its tenants, until it has acknowledged it. Drop events
 * are taken in from the history that the ledger keeps, and how far is kept together with the notices:
 * so a crash between the two loses none. Nothing is sent before it is kept, so that what is sent again
 * after a crash has the same id and the same bytes. Nobody waits for any of this.
 */
import { join } from 'node:path'
import type { Clock } from '../../infra/clock/clock.ts'
import type { Filesystem } from '../../infra/disk/filesystem.ts'
import type { Ledger } from '../../infra/ledger/ledger.ts'
import {
  type Book,
  type Entry,
  type Head,
  openBook,
  type Place,
  type Recipient,
} from '../../infra/notices/book.ts'
import type { DeadLetter } from '../../infra/notices/notice.ts'
import { type Found, openOutboxFile } from '../../infra/notices/outbox-file.ts'
import type { Log } from '../../infra/telemetry/log.ts'
import type { Meters } from '../../infra/telemetry/meters.ts'
import type { Assignment } from '../../schemas/messages.ts'
import type { Config, NoticesConfig } from '../config/config.ts'
import { isMatch } from '../config/star-pattern.ts'
import { repeat } from '../repeat.ts'
import type { World } from '../world.ts'
import { openBookKeeper, openComplaints } from './book-keeper.ts'
import { pendingIn, tellAssignment, tellStall } from './happenings.ts'
import { listed } from './listing.ts'
import type { Notices } from './notices.ts'
import { openPostmen } from './postmen.ts'

const lookMs = 250
/** How long a stop goes on sending. */
const farewellMs = 2_000
/** Where a damaged outbox starts again, if notices are never given up. */
const lookBackMsMax = 30 * 86_400_000

type Needs = {
  readonly config: Pick<Config, 'name' | 'notices' | 'dataDirectory'>
  readonly world: Pick<World, 'webhook'> & {
    readonly clock: Clock
    readonly filesystem: Filesystem
  }
  readonly ledger: Pick<Ledger, 'streams'>
  /**
   * Puts into the book what was lost since the last look. `told`: it has to be kept, since nobody can ask
   * for it again.
   */
  readonly takeIn: (book: Book) => Promise<'seen' | 'told'>
  readonly meters: Meters
  readonly log: Log
  /** Those that the journal holds, oldest first. */
  readonly assignments: readonly Assignment[]
  /** Drop events before this concern nobody, if there was no outbox yet. */
  readonly begin: Place
  readonly startedAtMs: number
}

/** @throws what the file system throws when the outbox cannot be read. */
export const openOutbox = async (needs: Needs): Promise<Notices> => {
  const { config, world, ledger, log, meters } = needs
  const { notices, dataDirectory } = config
  const { clock, filesystem } = world
  const file = await openOutboxFile({
    filesystem,
    directory: join(dataDirectory, 'notices'),
    bytesMax: notices.bytesMax,
  })
  const { head, entries } = begun(file.found, needs)
  const book = openBook({
    recipients: notices.webhooks.map(recipientOf),
    source: `/holdfast/${config.name}`,
    pace: notices,
    chance: clock.chance,
    bytesMax: notices.bytesMax,
    head,
    restored: entries,
    nowMs: clock.now(),
    ...sayings(needs),
  })
  const complain = openComplaints(needs)
  const keeper = openBookKeeper({ file, book, clock, complain })
  const postmen = openPostmen({
    webhooks: notices.webhooks.map((webhook) =>
      world.webhook({ ...webhook, timeoutMs: notices.attemptTimeoutMs }),
    ),
    book,
    giveUpAfterMs: notices.giveUpAfterMs,
    now: clock.now,
    meters,
    log,
    changed: keeper.changed,
  })
  for (const assignment of needs.assignments)
    if (assignment.epoch > (head.route?.epoch ?? 0))
      tellAssignment({ book, nowMs: clock.now() }, assignment)

  const look = async (): Promise<void> => {
    try {
      if ((await needs.takeIn(book)) === 'told') keeper.changed()
    } catch (cause) {
      complain('Drop events could not be read; notices of them wait.', cause)
    }
    for (const lane of book.lanes) if (lane.seal(clock.now())) keeper.changed()
    const kept = await keeper.keep()
    postmen.send(kept)
  }
  // Twice, so that from now on a damaged file is told from one that was never written whole.
  if (file.found.kind !== 'lines') await keeper.begin()
  await keeper.begin()
  const failed = (cause: unknown): void =>
    log.error('notices.failed', 'The outbox has stopped; a restart goes on with it.', { cause })
  const looking = repeat({ clock, everyMs: lookMs, failed }, look)

  return {
    list: (tenant) => listed({ book, config: notices, isSending: postmen.isSending, tenant }),
    resend: (tenant) => {
      const nowMs = clock.now()
      const concerns = ({ kind, subject }: { kind: string; subject: string }): boolean =>
        tenant === undefined || (kind === 'drop' ? subject === tenant : isMatch(subject, tenant))
      const revived = book.revive(concerns, nowMs)
      const hurried = book.lanes.reduce((sum, lane) => sum + lane.retryNow(concerns, nowMs), 0)
      keeper.changed()
      return { revived, hurried }
    },
    stalled: (stall) => {
      tellStall({ book, nowMs: clock.now() }, stall, pendingIn(ledger))
      keeper.changed()
    },
    assigned: (assignment) => {
      tellAssignment({ book, nowMs: clock.now() }, assignment)
      keeper.changed()
    },
    close: async () => {
      await looking.stop()
      for (const lane of book.lanes) lane.hurry()
      await farewell({ clock, look, isBusy: postmen.isBusy })
      await postmen.close()
      await keeper.keep()
      await file.close()
    },
  }
}

const recipientOf = ({ name, tenants }: NoticesConfig['webhooks'][number]): Recipient => ({
  webhook: name,
  tenants,
  covers: (tenant) => tenants.some((pattern) => isMatch(pattern, tenant)),
})

/** What was kept; or a new book, which starts now, or, if there was one, so far back as might be untold. */
const begun = (
  found: Found,
  { config, world, log, assignments, begin, startedAtMs }: Needs,
): { readonly head: Head; readonly entries: readonly Entry[] } => {
  const last = assignments.at(-1)
  const route = last === undefined ? null : { epoch: last.epoch, url: last.url }
  if (found.kind === 'lines') {
    const [first = '{}', ...rest] = found.lines
    const head: Head = JSON.parse(first)
    // Of an outbox that was kept in another body place and route say nothing here.
    const isKnown = 'sinceMs' in head.place || 'offset' in head.place === 'offset' in begin
    return {
      head: isKnown ? head : { ...head, place: begin, route },
      entries: rest.map((line) => JSON.parse(line)),
    }
  }
  const nonce = Math.floor(world.clock.chance() * 36 ** 9).toString(36)
  if (found.kind === 'nothing') return { head: { nonce, place: begin, route }, entries: [] }
  const { giveUpAfterMs } = config.notices
  const backMs = giveUpAfterMs === 0 ? lookBackMsMax : Math.min(giveUpAfterMs, lookBackMsMax)
  const sinceMs = Math.max(0, startedAtMs - backMs)
  const since = new Date(sinceMs).toISOString()
  log.error(
    'notices.damaged',
    `The outbox could not be read. Losses since ${since} are told again, from the drop events, under new ids; what else was unsent is not known any more.`,
  )
  return { head: { nonce, place: { sinceMs }, route }, entries: [] }
}

/** What the book gives up is said aloud: it may be the last that anybody hears of it. */
const sayings = ({ log, meters }: Pick<Needs, 'log' | 'meters'>) => ({
  buried: (letter: DeadLetter): void => {
    meters.count('noticesDeadLettered', {})
    const { id, webhook, subject, kind, attempts, failure, why } = letter
    log.error(
      'notice.deadLettered',
      `The notice ${id} (${kind}, of ${subject}) is given up for ${webhook}: ${why}. It is kept as a dead letter; holdfast notices resend sends it again.`,
      { id, webhook, subject, kind, attempts, failure, why },
    )
  },
  forgotten: (letter: DeadLetter): void => {
    const { id, webhook, event } = letter
    log.error(
      'notice.forgotten',
      `The dead letter ${id} for ${webhook} makes room for newer ones; its drop events stay in the ledger.`,
      { id, webhook, event },
    )
  },
  thinned: (): void =>
    log.warn(
      'notices.thinned',
      'The outbox is nearly full: notices carry their sums, and no lists of ranges, until they are sent.',
    ),
})

const farewell = async ({
  clock,
  look,
  isBusy,
}: {
  readonly clock: Clock
  readonly look: () => Promise<void>
  readonly isBusy: () => boolean
}): Promise<void> => {
  const deadlineMs = clock.now() + farewellMs
  for (;;) {
    await look()
    if (!isBusy() || clock.now() >= deadlineMs) return
    const soon = Promise.withResolvers<void>()
    clock.at((clock.now() + 20) as ReturnType<Clock['now']>, soon.resolve)
    await soon.promise
  }
}
