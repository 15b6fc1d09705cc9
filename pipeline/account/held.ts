import { priorities } from '../../actors/cache/context.ts'
import type { RecordLog } from '../../infra/ring/record-log.ts'
import type { Held, Position } from '../../schemas/messages.ts'

const pageBatches = 1_000

/**
 * Every batch that has not ended, from the headers on disk, page by page; within a priority oldest
 * first. What ends while it is read may be left out or not. Nothing is leased by it.
 * @throws {LogError} when the disk cannot be read.
 */
export async function* heldIn(log: Pick<RecordLog, 'load'>): AsyncGenerator<Held, void, undefined> {
  for (const priority of priorities) {
    let after: Position | null = null
    for (;;) {
      const page = await log.load({ priority, after, batchesMax: pageBatches })
      yield* page.held
      if (page.held.length < pageBatches) break
      after = page.through
    }
  }
}
