/** A terminal as a whole: taken, drawn on, and given back as it was, however the process ends. */
import { writeSync } from 'node:fs'
import type { Size } from './frame.ts'
import type { Line } from './line.ts'
import { type Palette, paintedLine } from './painting.ts'

export type Screen = {
  readonly size: () => Size
  readonly draw: (lines: readonly Line[]) => void
  readonly onKey: (listener: (key: string) => void) => void
  readonly onResize: (listener: () => void) => void
  /** Gives the terminal back to the shell until somebody brings this process to the front. */
  readonly suspend: () => void
  readonly leave: () => void
}

const enterText = '\u001b[?1049h\u001b[?25l\u001b[?7l\u001b[2J'
const leaveText = '\u001b[?7h\u001b[?25h\u001b[?1049l'
/** Terminals that know it show a frame whole; the others pass it over. */
const frameText = { begin: '\u001b[?2026h\u001b[H', end: '\u001b[0m\u001b[J\u001b[?2026l' }
const sizeDefault: Size = { columns: 80, rows: 24 }
/** A sequence of the keyboard's, or a character. */
const keyPattern = /\p{Cc}(?:\[[0-9;]*[A-Za-z~]|O[A-Za-z])|./gsu

export const openScreen = ({
  input,
  output,
  palette,
}: {
  readonly input: typeof process.stdin
  readonly output: typeof process.stdout
  readonly palette: Palette
}): Screen => {
  let state: 'ours' | 'theirs' = 'theirs'
  let isDrained = true
  const enter = (): void => {
    state = 'ours'
    if (input.isTTY) input.setRawMode(true)
    output.write(enterText)
  }
  const leave = (): void => {
    if (state === 'theirs') return
    state = 'theirs'
    if (input.isTTY) input.setRawMode(false)
    restore(output)
  }
  enter()
  process.on('exit', leave)
  // Before the error is printed: on a screen that is left, nobody would read it.
  process.on('uncaughtExceptionMonitor', leave)
  output.on('drain', () => {
    isDrained = true
  })
  return {
    size: () => ({
      columns: output.columns || sizeDefault.columns,
      rows: output.rows || sizeDefault.rows,
    }),
    draw: (lines) => {
      // A terminal behind a slow line is shown fewer frames, not later ones.
      if (state === 'theirs' || !isDrained) return
      const text = lines.map((line) => paintedLine(line, palette)).join('\u001b[K\r\n')
      isDrained = output.write(`${frameText.begin}${text}${frameText.end}`)
    },
    onKey: (listener) => {
      if (!input.isTTY) return
      input.setEncoding('utf8')
      input.on('data', (chunk) => {
        for (const [key] of String(chunk).matchAll(keyPattern))
          listener(key.replace('\u001bO', '\u001b['))
      })
    },
    onResize: (listener) => output.on('resize', listener),
    suspend: () => {
      leave()
      process.once('SIGCONT', () => {
        enter()
        output.emit('resize')
      })
      process.kill(0, 'SIGTSTP')
    },
    leave: () => {
      leave()
      process.off('exit', leave)
      process.off('uncaughtExceptionMonitor', leave)
      input.pause()
    },
  }
}

/** At once: there may be no next turn of the event loop. */
const restore = (output: typeof process.stdout): void => {
  try {
    writeSync(output.fd, leaveText)
  } catch (cause) {
    // The terminal is gone, and with it what was to be restored.
    if (!(cause instanceof Error && 'code' in cause)) throw cause
  }
}
