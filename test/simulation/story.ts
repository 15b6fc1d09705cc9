/** What happened in a run: its faults by kind, what went wrong, and a digest of everything in order. */
import { createHash } from 'node:crypto'
import type { Fields, Level, Log } from '../../infra/telemetry/log.ts'
import { second, type Timeline } from './timeline.ts'

export const faultKinds = [
  'powerCut',
  'kill',
  'exit',
  'restart',
  'stall',
  'syncError',
  'readError',
  'diskFull',
  'bitFlip',
  'redirect',
  'hang',
  'reset',
  'late',
  'duplicate',
  'partial',
  'tooLarge',
  'rejected',
  'throttled',
  'serverError',
  'command',
  'pin',
  'suspend',
] as const
export type FaultKind = (typeof faultKinds)[number]

export type Story = {
  readonly note: (what: string) => void
  readonly count: (kind: FaultKind, what?: string) => void
  /** Something that must not be. */
  readonly wrong: (what: string) => void
  readonly log: Log
  readonly faults: () => Readonly<Record<FaultKind, number>>
  readonly failures: () => readonly string[]
  readonly digest: () => string
}

/** A run that went wrong goes wrong again and again: the first failures tell what it is. */
const failuresMax = 20

export const openStory = ({
  timeline,
  tell,
  judge,
}: {
  readonly timeline: Timeline
  /** Told every line, for somebody who looks into one seed. */
  readonly tell?: (line: string) => void
  /** Answers what is wrong about a line of the log, if anything is. */
  readonly judge: (line: Line) => string | undefined
}): Story => {
  const hash = createHash('sha256')
  const faults = Object.fromEntries(faultKinds.map((kind) => [kind, 0])) as Record<
    FaultKind,
    number
  >
  const failures: string[] = []

  const note = (what: string): void => {
    hash.update(`${timeline.nowUs()} ${what}\n`)
    tell?.(`${(timeline.nowUs() / second).toFixed(6)} ${what}`)
  }
  const wrong = (what: string): void => {
    note(`WRONG ${what}`)
    if (failures.length < failuresMax) failures.push(what)
  }
  const write =
    (level: Level) =>
    (event: string, message: string, fields: Fields = {}): void => {
      note(`${level} ${event} ${message}${causeOf(fields)}`)
      const fault = judge({ level, event, message })
      if (fault !== undefined) wrong(fault)
    }
  const log: Log = {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    child: () => log,
  }
  return {
    note,
    wrong,
    log,
    count: (kind, what = '') => {
      faults[kind] += 1
      note(`fault ${kind} ${what}`)
    },
    faults: () => ({ ...faults }),
    failures: () => failures,
    digest: () => hash.copy().digest('hex'),
  }
}

export type Line = { readonly level: Level; readonly event: string; readonly message: string }

const causeOf = ({ cause }: Fields): string => (cause instanceof Error ? ` [${cause.message}]` : '')
