/** How far a long task has come: one line that is drawn over, and only where a person looks at it. */
import { textWidth } from '../top/line.ts'
import { ageText, countText, rateText } from '../top/quantity.ts'

export type Progress = {
  /** So much is done, of all that there is; `total` may become known, or grow, as it goes on. */
  readonly at: (done: number, total?: number) => void
  /** Wipes the line out. What came of it is for the caller to say. */
  readonly end: () => void
}

/** What a line is written to: a terminal's stderr, since stdout is for what was asked for. */
export type Screen = {
  readonly isTTY: boolean
  readonly columns: number
  readonly write: (text: string) => unknown
}

const redrawMs = 100
const columnsDefault = 80
const barMax = 30
const wiped = '\r\u001b[K'

/**
 * @param given.what half a sentence, `verifying`
 * @param given.unit what is counted, `batches`
 */
export const openProgress = (given: {
  readonly what: string
  readonly unit: string
  readonly screen: Screen
  readonly nowMs: () => number
}): Progress => {
  const { screen, nowMs } = given
  if (!screen.isTTY) return { at: () => undefined, end: () => undefined }
  const startedAtMs = nowMs()
  let drawnAtMs = Number.NEGATIVE_INFINITY
  return {
    at: (done, total) => {
      const now = nowMs()
      if (now - drawnAtMs < redrawMs) return
      drawnAtMs = now
      const columns = screen.columns || columnsDefault
      const text = progressText({ ...given, done, total, tookMs: now - startedAtMs, columns })
      screen.write(`${wiped}${text}`)
    },
    end: () => {
      if (drawnAtMs > Number.NEGATIVE_INFINITY) screen.write(wiped)
    },
  }
}

/** Where a command draws it. */
export const progressOnTerminal = (task: {
  readonly what: string
  readonly unit: string
}): Progress => {
  const { stderr } = process
  const { isTTY = false, columns = columnsDefault } = stderr
  const screen = { isTTY, columns, write: (text: string) => stderr.write(text) }
  return openProgress({ ...task, screen, nowMs: () => performance.now() })
}

export const progressText = (given: {
  readonly what: string
  readonly unit: string
  readonly done: number
  readonly total: number | undefined
  readonly tookMs: number
  readonly columns: number
}): string => {
  const { what, unit, done, total, tookMs, columns } = given
  const perSecond = tookMs > 0 ? (done * 1_000) / tookMs : 0
  const rate = `${rateText(perSecond)}`
  if (total === undefined || total <= 0)
    return `${what}  ${countText(done, 15)} ${unit}  ${rate}`.slice(0, columns - 1)
  const share = Math.min(1, done / total)
  const leftMs = done > 0 && share < 1 ? (tookMs * (1 - share)) / share : 0
  const figures = `${Math.floor(share * 100)}%  ${countText(done, 15)} of ${countText(total, 15)} ${unit}  ${rate}${leftMs > 0 ? `  ${ageText(leftMs)} left` : ''}`
  const room = Math.min(barMax, columns - textWidth(what) - figures.length - 6)
  const full = Math.round(share * Math.max(0, room))
  const bar = room >= 5 ? `${'█'.repeat(full)}${'░'.repeat(room - full)}  ` : ''
  return `${what}  ${bar}${figures}`.slice(0, columns - 1)
}
