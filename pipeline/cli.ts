#!/usr/bin/env node
import { boundedLines } from './bounded-lines.ts'
import { obeyed } from './command-line.ts'

/** A reader that went away, as `holdfast drops | head` does, is no failure of ours. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

const status = await obeyed(process.argv.slice(2), {
  environment: process.env,
  print: (text) => void process.stdout.write(text),
  warn: boundedLines(process.stderr),
})
process.exitCode = status
// What is still in the pipes is written first: process.exit would cut it off.
process.stdout.write('', () => process.stderr.write('', () => process.exit(status)))
