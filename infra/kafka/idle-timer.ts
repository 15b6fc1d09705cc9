import { createRequire } from 'node:module'

type RequestQueue = {
  readonly pending: readonly unknown[]
  scheduleCheckPendingRequests: () => void
}
const mended = new WeakSet<object>()

/**
 * The library (2.2.4) sets a timer for requests that wait, for each connection, also where none does: for
 * an instant in 1969. Node sets it to 1 ms instead, with a warning on stderr, and it sets itself again,
 * for ever. Without requests that wait there is nothing to look at. To be removed with a release that
 * leaves it alone.
 * @see https://github.com/tulios/kafkajs/issues/1704
 */
export const mendIdleTimer = (): void => {
  const queue = createRequire(import.meta.url)('kafkajs/src/network/requestQueue/index.js') as {
    readonly prototype: RequestQueue
  }
  if (mended.has(queue.prototype)) return
  mended.add(queue.prototype)
  const schedule = queue.prototype.scheduleCheckPendingRequests
  queue.prototype.scheduleCheckPendingRequests = function (this: RequestQueue): void {
    if (this.pending.length > 0) schedule.call(this)
  }
}
