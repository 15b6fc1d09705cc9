/**
 * The drop events of all workers, page by page. The cursor says of each worker how far it was read:
 * one point in time for all would miss an event that another worker wrote down a moment later.
 */
import type { DropOrder } from '../../infra/ledger/ledger.ts'
import type { ShownDrop } from '../admin/account-routes.ts'

/** An id is of its worker alone. */
export type WorkersDrop = ShownDrop & { readonly worker: number }
export type WorkersDropPage = {
  readonly drops: readonly WorkersDrop[]
  /** null when this is the end for now. */
  readonly cursor: string | null
  /** Where to go on from, also when this is the end for now. */
  readonly next: string
}
export type DropPage = { readonly drops: readonly ShownDrop[]; readonly cursor: string | null }

/** How far each worker was read: the id of its last event, or '' before the first. */
export type Places = readonly string[]

const separator = '~'

/** Undefined for what is no cursor of so many workers. */
export const placesIn = (cursor: string, workers: number): Places | undefined => {
  const places = cursor.split(separator)
  return places.length === workers && places.every((it) => /^([0-9a-z]+-[0-9a-z]+)?$/.test(it))
    ? places
    : undefined
}

/** Asks one worker after the other, so that the page is full where one of them has much. */
export const dropPage = async <Failure extends object>(given: {
  readonly places: Places
  readonly limit: number
  readonly order: DropOrder
  readonly read: (
    worker: number,
    from: { place: string; limit: number },
  ) => Promise<DropPage | Failure>
}): Promise<WorkersDropPage | Failure> => {
  const { places, limit, order, read } = given
  const drops: WorkersDrop[] = []
  const next = [...places]
  let isEnd = true
  for (const [worker, place] of places.entries()) {
    const share = Math.ceil((limit - drops.length) / (places.length - worker))
    if (share === 0) {
      isEnd = false
      continue
    }
    const page = await read(worker, { place, limit: share })
    if (!isPage(page)) return page
    drops.push(...page.drops.map((drop) => ({ ...drop, worker })))
    next[worker] = page.cursor ?? page.drops.at(-1)?.id ?? place
    if (page.cursor !== null) isEnd = false
  }
  const cursor = next.join(separator)
  return {
    drops: order === 'newest' ? drops.sort(byTime).reverse() : drops.sort(byTime),
    cursor: isEnd ? null : cursor,
    next: cursor,
  }
}

const byTime = (a: ShownDrop, b: ShownDrop): number => Date.parse(a.at) - Date.parse(b.at)

const isPage = (page: DropPage | object): page is DropPage => 'drops' in page
