/** The account of all services and its book, as the auditor keeps them. */
import { openTopicAccount, type TopicAccount } from '../../infra/ledger/topic-account.ts'
import type { Log } from '../../infra/telemetry/log.ts'
import { type Bookkeeper, openBookkeeper } from '../bookkeeper.ts'
import type { Config } from '../config/config.ts'
import type { World } from '../world.ts'

export type Audit = {
  readonly account: TopicAccount
  readonly bookkeeper: Bookkeeper
  /** The account is that of the topics: from now on it is written down in the book. */
  readonly caughtUp: () => void
}

export const openAudit = ({
  config,
  world,
  log,
}: {
  readonly config: Config
  readonly world: Pick<World, 'book' | 'clock'>
  readonly log: Log
}): Audit => {
  const store = world.book(config.dataDirectory)
  const bookkeeper = openBookkeeper({ store, clock: world.clock, log })
  let state: 'catching up' | 'kept' = 'catching up'
  const account = openTopicAccount({ book: bookkeeper.book, isKept: () => state === 'kept' })
  return {
    account,
    bookkeeper,
    caughtUp: () => {
      if (state === 'kept') return
      state = 'kept'
      bookkeeper.begin({
        ledger: account.ledger,
        held: async function* () {
          yield* account.pending()
        },
      })
    },
  }
}
