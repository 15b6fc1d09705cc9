/** What has to be true of a pipeline that has come to rest, seen from outside. */
import type { ServiceTotals } from '../../infra/book/book-request.ts'
import type { StreamAccount } from '../../infra/ledger/ledger.ts'
import type { Config } from '../../pipeline/config/config.ts'
import type { Observed } from '../../pipeline/observed.ts'
import type { Drop } from '../../schemas/messages.ts'
import { type Books, type Known, streamKey } from './books.ts'
import type { Hooks } from './hooks.ts'

const pagesMax = 1_000

/** Answers every promise that is broken. */
export const audit = async ({
  observed,
  books,
  config,
  written,
  hooks,
}: {
  readonly observed: Observed
  readonly books: Books
  readonly config: Config
  /** The book of the account. */
  readonly written: readonly ServiceTotals[]
  readonly hooks: Hooks
}): Promise<readonly string[]> => {
  const drops = await dropsOf(observed)
  const { accepted, delivered, dropped, pending, unaccounted } = observed.ledger.totals()
  const totals = `${accepted} accepted, ${delivered} delivered, ${dropped} dropped, ${pending} pending`
  const lost = new Map<string, readonly Drop[]>(
    Object.entries(Object.groupBy(drops, streamKey)).map(([stream, of = []]) => [stream, of]),
  )
  return [
    ...(unaccounted === 0 ? [] : [`${unaccounted} records are unaccounted for: ${totals}`]),
    ...(pending === 0 ? [] : [`records are still pending: ${totals}`]),
    ...observed.ledger.streams().flatMap((stream) => streamFaults(stream, { books, lost })),
    ...keptFaults(books, lost),
    ...drops.flatMap((drop) => dropFaults(drop, config)),
    ...bookFaults(observed, written),
    ...hooks.faults(drops, config.notices.webhooks),
  ]
}

const dropsOf = async (observed: Observed): Promise<readonly Drop[]> => {
  const drops: Drop[] = []
  let cursor: string | undefined
  for (let page = 0; page < pagesMax; page += 1) {
    const given = cursor === undefined ? {} : { cursor }
    const found = await observed.ledger.drops({ ...given, limit: 1_000 })
    drops.push(...found.drops)
    if (found.cursor === null) break
    cursor = found.cursor
  }
  return drops
}

const isIn = (drops: readonly Drop[], seq: number): boolean =>
  drops.some(({ firstSeq, lastSeq }) => firstSeq <= seq && seq <= lastSeq)

/**
 * As many records as were accepted have their end, and the account of the stream says which. A number
 * may be missing: of an append that a power cut has interrupted the disk may keep any part.
 */
const streamFaults = (
  account: StreamAccount,
  { books, lost }: { readonly books: Books; readonly lost: ReadonlyMap<string, readonly Drop[]> },
): readonly string[] => {
  const stream = streamKey(account)
  const drops = lost.get(stream) ?? []
  const taken = books.takenOf(stream)
  const dropped = drops.reduce((sum, { records }) => sum + records, 0)
  const untaken = new Set(
    drops
      .flatMap(({ firstSeq, lastSeq }) =>
        Array.from({ length: lastSeq - firstSeq + 1 }, (_, index) => firstSeq + index),
      )
      .filter((number) => !taken.has(number)),
  )
  const ended = taken.size + untaken.size
  return [
    ...(ended === account.accepted
      ? []
      : [`${stream}: ${account.accepted} accepted, but ${ended} were delivered or dropped`]),
    ...(dropped === account.dropped
      ? []
      : [`${stream}: ${account.dropped} dropped, but its drop events have ${dropped}`]),
    ...(account.delivered <= taken.size
      ? []
      : [`${stream}: ${account.delivered} delivered, but ${taken.size} arrived`]),
    ...(untaken.size <= dropped
      ? []
      : [`${stream}: ${untaken.size} did not arrive, ${dropped} were dropped`]),
  ]
}

/** What was promised to be kept has arrived somewhere, or its very number is in a drop event. */
const keptFaults = (
  books: Books,
  lost: ReadonlyMap<string, readonly Drop[]>,
): readonly string[] => {
  const isAccounted = ({ fate, taken, stored }: Known): boolean => {
    if (fate === 'sent' || taken.size > 0) return true
    return stored.some(({ stream, seq }) => isIn(lost.get(stream) ?? [], seq))
  }
  const missing = books.records().filter((record) => !isAccounted(record))
  if (missing.length === 0) return []
  const places = missing.map(({ id, stored }) => {
    const at = stored.map(({ stream, seq }) => `${stream} ${seq}`).join(', ')
    return `${id} (${at})`
  })
  return [`${missing.length} records were kept, and are gone: ${places.slice(0, 12).join('; ')}`]
}

const dropFaults = (drop: Drop, { cache, dispatch }: Config): readonly string[] => {
  const { reason, records, firstSeq, lastSeq } = drop
  const where = `${streamKey(drop)} ${firstSeq}-${lastSeq}`
  const isExact = reason === 'partially_rejected' || records === lastSeq - firstSeq + 1
  return [
    ...(isExact ? [] : [`${where}: ${records} records were dropped as ${reason}`]),
    ...(reason === 'cache_overwritten' && cache.whenFull === 'refuse'
      ? [`${where} was overwritten by a cache that refuses`]
      : []),
    ...(reason === 'expired' && dispatch.ageMsMax === 0
      ? [`${where} has expired, though nothing does`]
      : []),
  ]
}

/** The book has what the ledger has, of each service, whatever became of the one or the other. */
const bookFaults = (
  { ledger, book }: Observed,
  written: readonly ServiceTotals[],
): readonly string[] => {
  const byService = Map.groupBy(ledger.streams(), serviceKey)
  const has = new Map(written.map((totals) => [serviceKey(totals), totals]))
  const { missingRecords } = book.view()
  const faults = [...new Set([...byService.keys(), ...has.keys()])].flatMap((key) =>
    (['accepted', 'delivered', 'dropped', 'pending'] as const).flatMap((column) => {
      const counted = (byService.get(key) ?? []).reduce((sum, row) => sum + row[column], 0)
      const found = has.get(key)?.[column] ?? 0
      return found === counted ? [] : [`the book of ${key}: ${found} ${column}, not ${counted}`]
    }),
  )
  return missingRecords === 0
    ? faults
    : [...faults, `the book says that ${missingRecords} records are missing`]
}

const serviceKey = ({ tenant, service }: { readonly tenant: string; readonly service: string }) =>
  JSON.stringify([tenant, service])
