/** What a report says in words: for the person whose records they are. */
import type { DropReason } from '../../schemas/messages.ts'
import type { LateDelivery, Lateness } from './lateness.ts'
import type { Report } from './report.ts'

export type ReasonWords = {
  readonly title: string
  readonly why: string
  /** How the loss was noticed. */
  readonly noticed: string
}

export const reasonWords: Readonly<Record<DropReason, ReasonWords>> = {
  cache_overwritten: {
    title: 'Given up for lack of space',
    why: 'The destination took no records, or too few, for longer than the cache could hold them. The oldest of the lowest priority were given up for newer ones.',
    noticed: 'By the cache itself. It wrote the loss down before it removed anything.',
  },
  cache_corrupt: {
    title: 'Damaged on disk',
    why: 'The disk gave back other bytes than were written, or a file was taken away.',
    noticed:
      'By a checksum, when the records were read to be sent, or by the journal, when Holdfast started.',
  },
  rejected_by_endpoint: {
    title: 'Rejected by the destination',
    why: 'The destination refused these records for good; sending them again would have changed nothing.',
    noticed: 'By the answer of the destination.',
  },
  partially_rejected: {
    title: 'Rejected in part by the destination',
    why: 'The destination took a request and rejected some of its records, without saying which. The range names those among which they are.',
    noticed: 'By the number of rejected records in the answer of the destination.',
  },
  expired: {
    title: 'Too old to be sent',
    why: 'The records could not be delivered within the age that is set as their limit.',
    noticed: 'By their age, when an attempt to send them had failed.',
  },
  filtered: {
    title: 'Removed by a rule',
    why: 'A rule says that these records are not to be sent.',
    noticed: 'By the rule itself.',
  },
  source_overrun: {
    title: 'Lost before they could be read',
    why: 'The source discarded records before they were read from it.',
    noticed: 'By a gap in what the source handed over.',
  },
  operator_purged: {
    title: 'Removed by an operator',
    why: 'An operator removed these records.',
    noticed: 'By the command that removed them.',
  },
}

export const count = (value: number): string => value.toLocaleString('en-US')
export const records = (value: number): string =>
  value === 1 ? '1 record' : `${count(value)} records`

/** `2026-11-25 01:19:26 UTC`, to the second. */
export const timeText = (iso: string | null): string =>
  iso === null ? 'no time recorded' : `${iso.slice(0, 19).replace('T', ' ')} UTC`

type Times = Readonly<Record<'first' | 'last', string | null>>

/** Both ends, one where they are alike; the day once where it is the same. */
export const rangeText = ({ first, last }: Times): string => {
  const [from, to] = [timeText(first), timeText(last)]
  if (from === to) return from
  return dayOf(from) === dayOf(to)
    ? `${from.replace(' UTC', '')} – ${to.slice(dayCount + 1)}`
    : `${from} – ${to}`
}
const dayCount = '2026-11-25'.length
const dayOf = (text: string): string => text.slice(0, dayCount)

export const between = (times: Times): string =>
  times.first === null ? 'with no time recorded' : `of ${rangeText(times)}`

export const titleOf = ({ tenant }: Report): string =>
  tenant === null ? 'Log delivery report, all tenants' : `Log delivery report for ${tenant}`

/** `2 d 3 h`, `3 h 5 min`, `61 s`: the two largest units. */
export const waitText = (seconds: number | null): string => {
  if (seconds === null) return 'not known any more'
  const units = [
    { size: 86_400, name: 'd' },
    { size: 3_600, name: 'h' },
    { size: 60, name: 'min' },
    { size: 1, name: 's' },
  ]
  const first = Math.max(
    0,
    units.findIndex(({ size }) => seconds >= 2 * size || size === 1),
  )
  let rest = seconds
  return units
    .slice(first, first + 2)
    .map(({ size, name }) => {
      const whole = Math.floor(rest / size)
      rest -= whole * size
      return `${whole} ${name}`
    })
    .join(' ')
}

export const deliveredText = ({ deliveredFirst, deliveredLast }: LateDelivery): string =>
  deliveredFirst === null
    ? 'not known any more'
    : rangeText({ first: deliveredFirst, last: deliveredLast })

const lateSentence = (late: Lateness): readonly string[] => {
  if (late.kind === 'unknown' || late.records === 0) return []
  const waits = late.services.map(({ longestWaitSeconds }) => longestWaitSeconds ?? 0)
  const longest = Math.max(0, ...waits)
  const after = longest === 0 ? '' : `, after ${waitText(longest)} at most`
  return [
    `${records(late.records)} ${late.records === 1 ? 'was' : 'were'} held up and then delivered${after}.`,
  ]
}

/** The answer in a sentence or three. */
export const summaryOf = ({
  accepted,
  lost,
  heldBack,
  late,
  doubts,
  to,
  asOf,
}: Report): readonly string[] => [
  lost.records > 0
    ? `${records(lost.records)} ${lost.records === 1 ? 'was' : 'were'} lost, ${between(lost)}.`
    : doubts.length > 0
      ? 'No loss is known, but it cannot be ruled out.'
      : 'No record was lost.',
  ...(heldBack.records > 0
    ? [
        `${records(heldBack.records)} ${heldBack.records === 1 ? 'is' : 'are'} held back and not delivered yet, ${between(heldBack)}. They are on disk, and are sent as soon as the destination takes them.`,
      ]
    : []),
  ...(lost.records === 0 && heldBack.records === 0 && doubts.length === 0
    ? [
        accepted === 0
          ? 'No record was ever accepted here, so none could be.'
          : 'Every record of this time that was accepted was delivered.',
      ]
    : []),
  ...lateSentence(late),
  ...(to > asOf ? ['The time asked about is not over.'] : []),
]

export const coversOf = ({ late }: Pick<Report, 'late'>): readonly string[] => [
  'It speaks of the records that were accepted: confirmed to whoever sent them. What was not confirmed is for the sender to send again.',
  'A time is that of the records themselves. They are kept together in batches, so each time named here bounds when the records are from: none is from outside of it, apart from records that have no time.',
  'The numbers of a range are both included. Every record has a number in its stream, and each loss names its numbers exactly, but for what was rejected in part: there the range holds more than was lost.',
  late.kind === 'known'
    ? `Late is what was delivered ${late.afterSeconds} s or more after it was accepted. Of what is older than a week the hour in which it was accepted is known, and no more.`
    : 'What was delivered late cannot be told at this moment; make the report again a little later.',
]
