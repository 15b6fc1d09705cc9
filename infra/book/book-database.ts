/**
 * A book as an SQLite file. It is derived: the journal and the record log are the truth, so it is written
 * without forcing anything to the disk, and one that cannot be read is set aside and built anew.
 */
import { existsSync, renameSync, rmSync, statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { BookError } from './book-error.ts'
import type { BookAnswer, BookRequest, BookState } from './book-request.ts'
import { type Check, openCheck } from './check.ts'
import {
  type Compaction,
  type CompactionBounds,
  compactionBounds,
  openCompaction,
} from './compaction.ts'
import { lateAfterMs } from './interval.ts'
import { openIntervalRows } from './interval-rows.ts'
import { openPages, type Pages } from './pages.ts'
import { openQuestions, type Questions } from './questions.ts'
import { openStreamRows, type StreamRows } from './stream-rows.ts'
import { bookVersion, tables, viewsFor } from './tables.ts'

export type BookDatabase = {
  /**
   * @throws {BookError} `unwritable`: nothing of the request was done. `damaged`: the file was not the
   * book any more; a new one is there, to be checked against the ledger.
   */
  readonly answer: (request: BookRequest) => BookAnswer
  readonly close: () => void
}

/** In memory, for a world without files. */
export const inMemory = ':memory:'
/** SQLite's words for a file that is no database, or one that is damaged. */
const damagedCodes: readonly unknown[] = [11, 26]
const busyTimeoutMs = 2_000

type Open = {
  readonly database: DatabaseSync
  readonly streams: StreamRows
  readonly pages: Pages
  readonly check: Check
  readonly compaction: Compaction
  readonly questions: Questions
  readonly origin: BookState['origin']
  readonly setAside: string | null
  readonly inode: number | null
}

/** Opens nothing before it is asked. */
export const openBookDatabase = (
  path: string,
  bounds: CompactionBounds = compactionBounds,
): BookDatabase => {
  let open: Open | null = null
  let setAside: string | null = null

  const current = (): Open => {
    open ??= opened(path, { bounds, setAside })
    setAside = null
    return open
  }
  const close = (): void => {
    const database = open?.database
    open = null
    database?.close()
  }
  return {
    close,
    answer: (request) => {
      try {
        if (open !== null && inodeOf(path) !== open.inode) {
          close()
          throw new BookError('damaged', `${path} was taken away or put in another's place.`)
        }
        return answerOf(current(), request)
      } catch (cause) {
        const error = asBookError(path, cause)
        if (error.code === 'damaged') {
          setAside = error.message
          if (open !== null) {
            close()
            putAside(path)
          }
        }
        throw error
      }
    },
  }
}

const answerOf = (open: Open, request: BookRequest): BookAnswer => {
  const { database, questions, check } = open
  switch (request.type) {
    case 'state':
      return { type: 'state', state: stateOf(open) }
    case 'ask': {
      const { question } = request
      return question.kind === 'late'
        ? { type: 'late', late: questions.late(question) }
        : { type: 'accepted', services: questions.accepted(question) }
    }
    case 'sums': {
      const corrections = within(open, () => check.end(request))
      return { type: 'checked', state: stateOf(open), corrections }
    }
    case 'tidy': {
      const left = within(open, () => open.compaction.tidy(request.nowMs, request.producers))
      if (left === 'done') database.exec('PRAGMA wal_checkpoint(PASSIVE)')
      return { type: 'tidied', left }
    }
    default:
      within(open, () => write(open, request))
      return { type: 'state', state: stateOf(open) }
  }
}

type Writing = Extract<
  BookRequest,
  { readonly type: 'page' | 'events' | 'check' | 'held' | 'drops' | 'unheld' }
>

const write = ({ pages, check }: Open, request: Writing): void => {
  switch (request.type) {
    case 'page':
      pages.write(request.page)
      break
    case 'events':
      pages.events(request.drops)
      break
    case 'check':
      check.begin()
      break
    case 'held':
      check.held(request.batches)
      break
    case 'drops':
      pages.drops(request.drops)
      break
    case 'unheld':
      check.unheld(request.atMs)
  }
}

/** All of it or nothing. */
const within = <Result>({ database, streams }: Open, work: () => Result): Result => {
  database.exec('BEGIN IMMEDIATE')
  try {
    const result = work()
    streams.write()
    database.exec('COMMIT')
    return result
  } catch (cause) {
    streams.forget()
    if (database.isTransaction) database.exec('ROLLBACK')
    throw cause
  }
}

const opened = (
  path: string,
  { bounds, setAside }: { readonly bounds: CompactionBounds; readonly setAside: string | null },
): Open => {
  try {
    return openedAsIs(path, { bounds, setAside })
  } catch (cause) {
    const error = asBookError(path, cause)
    if (error.code !== 'damaged') throw error
    putAside(path)
    return openedAsIs(path, { bounds, setAside: error.message })
  }
}

const openedAsIs = (
  path: string,
  { bounds, setAside }: { readonly bounds: CompactionBounds; readonly setAside: string | null },
): Open => {
  const database = new DatabaseSync(path)
  try {
    database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
      PRAGMA busy_timeout = ${busyTimeoutMs}; PRAGMA journal_size_limit = 8388608;
      PRAGMA temp_store = MEMORY`)
    const origin = prepared(database, path)
    const streams = openStreamRows(database)
    const intervals = openIntervalRows(database, streams)
    return {
      database,
      streams,
      pages: openPages(database, { streams, intervals }),
      check: openCheck(database, { streams, intervals }),
      compaction: openCompaction(database, { streams, intervals, bounds }),
      questions: openQuestions(database),
      origin,
      setAside,
      inode: inodeOf(path),
    }
  } catch (cause) {
    database.close()
    throw cause
  }
}

const prepared = (database: DatabaseSync, path: string): BookState['origin'] => {
  const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version'])
  if (version === bookVersion) {
    const found = database.prepare('PRAGMA quick_check(1)').get()?.['quick_check']
    if (found === 'ok') return 'kept'
    throw new BookError('damaged', `${path} is damaged: ${found}.`)
  }
  const objects = Number(database.prepare('SELECT count(*) AS n FROM sqlite_schema').get()?.['n'])
  if (version !== 0 || objects > 0)
    throw new BookError('damaged', `${path} is of another version (${version}).`)
  database.exec(`BEGIN; ${tables} ${viewsFor(lateAfterMs)}
    PRAGMA user_version = ${bookVersion}; COMMIT`)
  return 'new'
}

/** The last one that was set aside is kept, for whoever wants to look into it. */
const putAside = (path: string): void => {
  for (const end of ['-wal', '-shm']) rmSync(`${path}${end}`, { force: true })
  if (existsSync(path)) renameSync(path, `${path}.damaged`)
}

const stateOf = ({ database, origin, setAside }: Open): BookState => {
  const sums = database
    .prepare(
      `SELECT coalesce(sum(accepted), 0) AS accepted, coalesce(sum(delivered), 0) AS delivered,
         coalesce(sum(dropped), 0) AS dropped, coalesce(sum(pending), 0) AS pending,
         coalesce(sum(refused), 0) AS refused FROM stream`,
    )
    .get() as unknown as BookState['sums']
  const missing = database.prepare(
    "SELECT coalesce(sum(last_seq - first_seq + 1), 0) AS records FROM interval WHERE state = 'missing'",
  )
  const value = database.prepare('SELECT value FROM book WHERE name = ?')
  return {
    sums: { ...sums },
    missingRecords: Number(missing.get()?.['records']),
    position: String(value.get('position')?.['value'] ?? ''),
    writtenAtMs: Number(value.get('written_at_ms')?.['value'] ?? 0),
    origin,
    setAside,
  }
}

const inodeOf = (path: string): number | null =>
  path === inMemory ? null : (statSync(path, { throwIfNoEntry: false })?.ino ?? null)

const asBookError = (path: string, cause: unknown): BookError => {
  if (cause instanceof BookError) return cause
  const detail = cause instanceof Error ? cause.message : String(cause)
  const code = cause instanceof Error && 'errcode' in cause ? Number(cause.errcode) & 0xff : null
  return damagedCodes.includes(code)
    ? new BookError('damaged', `${path} is damaged: ${detail}.`, { cause })
    : new BookError('unwritable', `${path} could not be written: ${detail}.`, { cause })
}
