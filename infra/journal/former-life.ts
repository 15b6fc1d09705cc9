/**
 * Whether a data directory without a journal had one. A journal that begins silently where one was
 * removed would show an account in which nothing had ever been delivered or lost.
 */
import { join } from 'node:path'
import type { InstantMs } from '../../schemas/brand.ts'
import type { AccountBegun } from '../../schemas/messages.ts'
import { codeOf, type Filesystem } from '../disk/filesystem.ts'
import { journalNamed } from './journal-file.ts'

/** `undefined` where there is a journal, or nothing says that there ever was one. */
export const formerLife = async ({
  filesystem,
  directory,
  nowMs,
}: {
  readonly filesystem: Filesystem
  /** The data directory. */
  readonly directory: string
  readonly nowMs: InstantMs
}): Promise<AccountBegun | undefined> => {
  const listed = (name: string) => namesIn(filesystem, join(directory, name))
  if ((await listed('journal')).some((name) => journalNamed(name)?.kind === 'log')) return undefined
  const traces = [
    ...(await listed('ring')).filter(isOfRing).map((name) => join('ring', name)),
    ...((await hasDrops(filesystem, join(directory, 'drops', dropsName)))
      ? [join('drops', dropsName)]
      : []),
    ...(await listed('.')).filter((name) => name === bookName),
  ]
  const [trace] = traces
  if (trace === undefined) return undefined
  const detail =
    `There is no journal in ${join(directory, 'journal')}, and ${trace} shows that there was one: it was ` +
    'removed. The account begins anew. What was delivered and dropped before is not counted any more, and drop ' +
    'events that were not in the archive yet are gone with it (ledger.sqlite may have them, in its view drops). What ' +
    'the ring still has is sent, also what was delivered before; the endpoint is the configured one, whatever ' +
    'an operator had set. If the journal can be had back, stop, put it in the place of the new one, and start.'
  return { type: 'account.begun', detail, atMs: nowMs }
}

const dropsName = 'drops.ndjson'
/** It is begun behind the journal. */
const bookName = 'ledger.sqlite'
const isOfRing = (name: string): boolean => /^(segment|highest-id)-\d/.test(name)

const namesIn = (filesystem: Filesystem, directory: string): Promise<readonly string[]> =>
  filesystem.list(directory).catch(noneOf<readonly string[]>([]))

const hasDrops = async (filesystem: Filesystem, path: string): Promise<boolean> => {
  const file = await filesystem.open(path, 'read').catch(noneOf(undefined))
  if (file === undefined) return false
  try {
    return (await file.size()) > 0
  } finally {
    await file.close()
  }
}

const noneOf =
  <Value>(value: Value) =>
  (cause: unknown): Value => {
    if (codeOf(cause) === 'ENOENT') return value
    throw cause
  }
