import type { Ledger, StreamAccount } from '../infra/ledger/ledger.ts'
import type { Log } from '../infra/telemetry/log.ts'

export type BalanceWatch = { readonly look: () => void }

/** Streams that are named in one line of the log. */
const streamsMax = 20
/** Looks at the sum only; every so many times at each stream, since two faults may cancel out. */
const looksPerScan = 240

/**
 * Says aloud when accepted is not delivered + dropped + pending, of which streams, and when that has
 * changed. The sum is kept as the account changes, so that a look costs nothing.
 */
export const openBalanceWatch = ({
  ledger,
  log,
}: {
  readonly ledger: Pick<Ledger, 'totals' | 'streams'>
  readonly log: Log
}): BalanceWatch => {
  let last = 0
  let looks = 0
  let said = '[]'

  const scan = (unaccounted: number): void => {
    const streams = ledger.streams().filter((stream) => stream.unaccounted !== 0)
    const text = JSON.stringify(streams.map(nameAndCount))
    if (text === said) return
    said = text
    if (streams.length > 0) log.error('ledger.unbalanced', sentence, fieldsOf(unaccounted, streams))
    else log.info('ledger.balanced', 'The account balances again.')
  }
  return {
    look: () => {
      const { unaccounted } = ledger.totals()
      const isDue = looks % looksPerScan === 0
      looks += 1
      if (unaccounted === last && !isDue) return
      last = unaccounted
      scan(unaccounted)
    },
  }
}

const sentence =
  'The account does not balance: what was accepted is not delivered, dropped and held together. ' +
  'Positive: records are gone without an event. Negative: more ended than was accepted. Look for what ' +
  'removed or changed files in the data directory.'

const nameAndCount = ({ tenant, service, producer, unaccounted }: StreamAccount) => ({
  ...{ tenant, service, producer, unaccounted },
})

const fieldsOf = (unaccounted: number, streams: readonly StreamAccount[]) => ({
  unaccounted,
  streams: streams.slice(0, streamsMax).map(nameAndCount),
  unlisted: Math.max(0, streams.length - streamsMax),
})
