import { type DropIds, openDropIds } from './drop-id.ts'

/**
 * Ids of drop events where several services make them: each has a mark of its own at the end, so that no
 * two are the same, and they still sort as they were made.
 */
export const openSharedDropIds = (mark: string): DropIds => {
  const ids = openDropIds()
  return { seen: ids.seen, next: (nowMs) => `${ids.next(nowMs)}-${mark}` }
}
