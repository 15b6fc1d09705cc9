import { randomFillSync } from 'node:crypto'

/** 16 of the trace, 8 of the span. */
const idBytes = 24
const drawn = Buffer.alloc(256 * idBytes)
let drawnAt = drawn.length

/**
 * 48 hexadecimal digits, of a trace and of a span in it. Drawn ahead: asking for random bytes costs more
 * than what is made of them.
 */
const drawIds = (): string => {
  if (drawnAt === drawn.length) {
    randomFillSync(drawn)
    drawnAt = 0
  }
  drawnAt += idBytes
  return drawn.toString('hex', drawnAt - idBytes, drawnAt)
}

/** A trace of its own each time. @see https://www.w3.org/TR/trace-context/#traceparent-header */
export const drawTraceparent = (flag: 'sampled' | 'unsampled'): string => {
  const hex = drawIds()
  return `00-${hex.slice(0, 32)}-${hex.slice(32)}-${flag === 'sampled' ? '01' : '00'}`
}
