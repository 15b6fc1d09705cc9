import type { Fact, Journal } from '../../../../infra/journal/journal.ts'
import { type JournalOptions, openJournal } from '../../../../infra/journal/open-journal.ts'
import { instant } from '../../../../schemas/brand.ts'
import type { FaultyDisk } from '../../../support/faulty-disk.ts'

export const directory = '/data/journal'
export const reserveBytes = 4_096

export const journalOn = (disk: FaultyDisk, options: Partial<JournalOptions> = {}): Journal =>
  openJournal({
    filesystem: disk,
    directory,
    reserveBytes,
    report: () => undefined,
    drawSalt: () => 0x0a11_5a17,
    ...options,
  })

/** A fact that can be told from others. */
export const factOf = (index: number, bytes = 0): Fact => ({
  type: 'actor.persisted',
  actor: `actor-${index}`,
  version: 1,
  snapshot: JSON.stringify({ index, filler: 'x'.repeat(bytes) }),
  atMs: instant(index),
})

export const actorsIn = (facts: readonly Fact[]): readonly string[] =>
  facts.map((fact) => (fact.type === 'actor.persisted' ? fact.actor : fact.type))

export const namesOf = (indices: readonly number[]) => indices.map((index) => `actor-${index}`)

export const range = (count: number) => Array.from({ length: count }, (_, index) => index)

/** Opens a journal on what is there, and gives back the facts that it kept. */
export const recovered = async (disk: FaultyDisk, options: Partial<JournalOptions> = {}) => {
  const journal = journalOn(disk, options)
  const facts: Fact[] = []
  for await (const fact of journal.recover()) facts.push(fact)
  return { journal, facts }
}

export const factsOn = async (disk: FaultyDisk): Promise<readonly Fact[]> => {
  const { journal, facts } = await recovered(disk)
  await journal.close()
  return facts
}
