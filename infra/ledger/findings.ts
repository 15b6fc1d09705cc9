/** What the ledger says of what it has found when it was opened. */
import type { SegmentLost } from '../../schemas/messages.ts'
import type { Alarm } from './alarm.ts'
import type { Unshown } from './unshown-drops.ts'

export const missingDrops = (unshown: readonly Unshown[], path: string): Alarm => {
  const records = unshown.reduce((sum, it) => sum + it.records, 0)
  const detail =
    `${records} records were dropped whose drop events are not in ${path} any ` +
    'more: it was cut, damaged, emptied or removed. The account counts them all the same; which records ' +
    'they were cannot be shown, unless the file is put back while nothing runs.'
  return { kind: 'drops.missing', detail, unshown }
}

export const outdatedJournal = (events: number): Alarm => ({
  kind: 'journal.outdated',
  detail:
    `The archive has ${events} drop events that are younger than what the journal holds, and that it does not ` +
    'know: the journal is an older copy. They are kept, and shown; the account does not count them, nor ' +
    'what was delivered since that copy was made, and what the ring still has of it is sent again.',
})

export const sayLost = (
  { segment, streams }: SegmentLost,
  {
    alarm,
    report,
  }: { readonly alarm: (alarm: Alarm) => void; readonly report: (detail: string) => void },
): void => {
  const sum = (of: 'accepted' | 'dropped') => streams.reduce((total, it) => total + it[of], 0)
  const [accepted, records] = [sum('accepted'), sum('dropped')]
  const what =
    `The file of segment ${segment} is gone or shorter than it was: ${accepted} records that were ` +
    'accepted are not in it any more.'
  const back = 'If the file comes back, what is in it is sent, and accepted anew.'
  if (records === 0) {
    report(`${what} All of them had ended, and nothing is lost. ${back}`)
    return
  }
  const loss = `${records} of them had not ended and are lost, each in a drop event.`
  alarm({ kind: 'segment.lost', detail: `${what} ${loss} ${back}`, segment, records })
}
