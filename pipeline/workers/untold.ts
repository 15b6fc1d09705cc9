/** What a pipeline that is not started any more would still have told by webhook. */
import { join } from 'node:path'
import { nodeFilesystem as filesystem } from '../../infra/disk/node-filesystem.ts'
import { factsOf } from '../../infra/journal/journal-reader.ts'
import { archiveName } from '../../infra/ledger/drop-archive.ts'
import { dropOfLine, linesOf } from '../../infra/ledger/drop-line.ts'
import { type Replayed, replay } from '../../infra/ledger/replay.ts'
import type { Entry, Head, Place } from '../../infra/notices/book.ts'
import { type Found, openOutboxFile } from '../../infra/notices/outbox-file.ts'
import type { Drop } from '../../schemas/messages.ts'
import { namesIn } from './names-in.ts'

/**
 * How many: notices that wait, drop events and redirects that had not been taken in. Dead letters are not
 * counted, they were said aloud. 0 where no webhook was ever configured.
 * @param directory the data directory of that pipeline
 * @throws what the file system throws; {JournalError} `corrupt`.
 */
export const untoldIn = async (directory: string): Promise<number> => {
  const outbox = join(directory, 'notices')
  if ((await namesIn(outbox)).length === 0) return 0
  const { found, close } = await openOutboxFile({ filesystem, directory: outbox, bytesMax: 0 })
  await close()
  const { place, epoch, waiting } = keptIn(found)
  const { drops, assignments } = await journalOf(directory)
  const ids = new Set(drops.filter((drop) => isBehind(place, drop)).map(({ id }) => id))
  for await (const drop of archived(directory)) if (isBehind(place, drop)) ids.add(drop.id)
  return waiting + ids.size + assignments.filter((it) => it.epoch > epoch).length
}

/** An outbox that cannot be read may have held anything. */
const keptIn = (
  found: Found,
): { readonly place: Place; readonly epoch: number; readonly waiting: number } => {
  if (found.kind !== 'lines')
    return { place: { sinceMs: 0 }, epoch: 0, waiting: found.kind === 'damaged' ? 1 : 0 }
  const [first = '{}', ...rest] = found.lines
  const { place, route }: Head = JSON.parse(first)
  const entries: readonly Entry[] = rest.map((line) => JSON.parse(line))
  const waiting = entries.filter((entry) => !('dead' in entry)).length
  return { place, epoch: route?.epoch ?? 0, waiting }
}

const isBehind = (place: Place, { id, atMs }: Drop): boolean =>
  'after' in place ? id > place.after : 'sinceMs' in place ? atMs >= place.sinceMs : true

const journalOf = async (directory: string): Promise<Pick<Replayed, 'drops' | 'assignments'>> => {
  const journal = join(directory, 'journal')
  if ((await namesIn(journal)).length === 0) return { drops: [], assignments: [] }
  return replay(factsOf(filesystem, journal))
}

async function* archived(directory: string): AsyncGenerator<Drop> {
  const drops = join(directory, 'drops')
  if (!(await namesIn(drops)).includes(archiveName)) return
  const file = await filesystem.open(join(drops, archiveName), 'read')
  try {
    for await (const { bytes } of linesOf(file, { from: 0, to: await file.size() })) {
      const drop = dropOfLine(bytes)
      if (drop !== undefined) yield drop
    }
  } finally {
    await file.close()
  }
}
