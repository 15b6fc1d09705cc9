import { join } from 'node:path'
import type { Filesystem } from '../disk/filesystem.ts'
import type { Fact } from './journal.ts'
import { journalName, journalNamed, readFacts, readJournalHeader } from './journal-file.ts'

/**
 * The facts of a journal, oldest first, without changing anything: for a look from outside. None
 * where there is no journal.
 * @throws {JournalError} `corrupt`; {FormatVersionError}; ENOENT when there is no such directory.
 */
export async function* factsOf(
  filesystem: Filesystem,
  directory: string,
): AsyncGenerator<Fact, void, undefined> {
  const highest = await highestJournal(filesystem, directory)
  if (highest === undefined) return
  const path = join(directory, journalName(highest, 'log'))
  const file = await filesystem.open(path, 'read')
  try {
    yield* readFacts(file, path, await readJournalHeader(file, path))
  } finally {
    await file.close()
  }
}

/** The number of the file that counts; `undefined` where there is none. */
export const highestJournal = async (
  filesystem: Filesystem,
  directory: string,
): Promise<number | undefined> => {
  const found = (await filesystem.list(directory)).map(journalNamed)
  const numbers = found.flatMap((it) => (it?.kind === 'log' ? [it.number] : []))
  return numbers.length === 0 ? undefined : Math.max(...numbers)
}
