import type { Drop } from '../../schemas/messages.ts'
import { painted, type Style, thousands } from '../commands/table.ts'
import { type Account, type Accounts, faultsOf } from './account.ts'
import { script } from './script.ts'
import { timelinePicture } from './timeline-picture.ts'

/** All of it, for a person who has twenty seconds. */
export const accountPicture = (accounts: Accounts): string => {
  const faults = faultsOf(accounts)
  const parts = [headline(accounts), timelinePicture(accounts.scene), table(accounts)]
  const drops = faults.length === 0 ? dropsText(accounts) : ''
  const verdict = faults.map((fault) => `${painted('red', '✗')} ${fault}\n`).join('')
  return `\n${[...parts, drops, verdict].filter((part) => part !== '').join('\n')}`
}

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`

const headline = ({ naive, holdfast, cacheBytes }: Accounts): string => {
  const told = `Told ${script.stormRedirects.length} times in quick succession to change its endpoint while sends were in flight,`
  const stalled =
    naive.stalledAtMs === null
      ? 'the naive agent went on.'
      : `the naive agent deadlocked at ${seconds(naive.stalledAtMs)} and silently lost ${thousands(naive.unreported)} of ${thousands(naive.accepted)} records.`
  const held =
    holdfast.delivered === holdfast.accepted
      ? `Given the same, Holdfast delivered all ${thousands(holdfast.accepted)}.`
      : `Given the same, Holdfast delivered ${thousands(holdfast.delivered)} of ${thousands(holdfast.accepted)}.`
  const about = `The incident of 2024, replayed on this machine: the same records at the same times, ${Math.round(cacheBytes / 1024)} KiB of cache each.`
  return `${painted('bold', wrapped(`${told} ${stalled} ${held}`))}\n${painted('dim', wrapped(about))}\n`
}

const columnsMax = 80

/** Breaks a text into lines at its spaces. */
const wrapped = (text: string): string => {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const longer = `${lines.at(-1) ?? ''} ${word}`
    if (lines.length === 0 || longer.length > columnsMax) lines.push(word)
    else lines.splice(-1, 1, longer)
  }
  return lines.join('\n')
}

type Row = readonly [name: string, ...cells: (readonly [string, Style | null])[]]
const nameColumns = 24
const cellColumns = 17

const table = (accounts: Accounts): string => {
  const { naive, holdfast, away, redirects } = accounts
  const all = [naive, holdfast, away]
  const plain = (name: string, cell: (account: Account) => string): Row => [
    name,
    ...all.map((account) => [cell(account), null] as const),
  ]
  const rows: readonly Row[] = [
    ['', ['naive agent', 'bold'], ['Holdfast', 'bold'], ['… endpoint away', 'bold']],
    plain('records accepted', ({ accepted }) => thousands(accepted)),
    plain('delivered', ({ delivered }) => thousands(delivered)),
    [
      'dropped and reported',
      ...all.map(({ dropped }) => [thousands(dropped), dropped > 0 ? 'yellow' : null] as const),
    ],
    [
      'lost and unreported',
      ...all.map(
        ({ unreported }) => [thousands(unreported), unreported > 0 ? 'red' : 'green'] as const,
      ),
    ],
    plain('redirects obeyed', ({ redirectsObeyed }) => `${redirectsObeyed} of ${redirects}`),
    [
      'noticed after',
      naive.stalledAtMs === null ? ['-', null] : ['never', 'red'],
      [noticed(holdfast.noticedAfterMs), null],
      [noticed(away.noticedAfterMs), null],
    ],
    [
      'told to',
      naive.linesLogged > 0 ? ['its log', null] : ['nobody', 'red'],
      [holdfast.dropEvents > 0 ? 'log, drops' : '-', null],
      [away.dropEvents > 0 ? 'log, drops' : '-', null],
    ],
  ]
  return rows.map(line).join('')
}

const noticed = (afterMs: number | null): string => (afterMs === null ? '-' : seconds(afterMs))

const line = ([name, ...cells]: Row): string => {
  const shown = cells.map(([text, style]) => {
    const padded = text.padStart(cellColumns)
    return style === null ? padded : painted(style, padded)
  })
  return `  ${name.padEnd(nameColumns)}${shown.join('')}`.concat('\n')
}

const rangesShownMax = 3

const dropsText = ({ away }: Accounts): string => {
  const [first] = away.drops
  if (first === undefined) return ''
  const ranges = joined(away.drops)
  const shown = ranges
    .slice(0, rangesShownMax)
    .map(({ from, to }) => `${thousands(from)}–${thousands(to)}`)
    .join(', ')
  const more =
    ranges.length > rangesShownMax ? `, and ${ranges.length - rangesShownMax} ranges more` : ''
  const which =
    away.dropsThatArrived === 0
      ? 'Exactly those never arrived.'
      : `${away.dropsThatArrived} of them arrived all the same.`
  return `${wrapped(`A cache that is too small loses records in Holdfast, too, but each loss is an event, written down before a byte is overwritten. Here ${away.dropEvents} (${first.reason}): records ${shown}${more} of ${first.tenant}/${first.service}. ${which}`)}\n`
}

/** Neighbouring drops as one range. They come in the order of their records. */
const joined = (drops: readonly Drop[]): readonly { from: number; to: number }[] => {
  const ranges: { from: number; to: number }[] = []
  for (const { firstSeq, lastSeq } of drops.toSorted(
    (one, other) => one.firstSeq - other.firstSeq,
  )) {
    const last = ranges.at(-1)
    if (last !== undefined && firstSeq <= last.to + 1) last.to = Math.max(last.to, lastSeq)
    else ranges.push({ from: firstSeq, to: lastSeq })
  }
  return ranges
}
