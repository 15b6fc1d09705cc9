import { type DropQuery, dropOrders } from '../../infra/ledger/ledger.ts'
import type { Drop } from '../../schemas/messages.ts'
import { dropReasons } from '../../schemas/metrics.ts'
import { isoOrNull } from '../account/instant-text.ts'
import { type Answer, json } from './answer.ts'
import { cursor, instantBefore, name, oneOf, queryOf, wholeNumber } from './query.ts'
import type { Call } from './route.ts'

const dropsDefault = 1000
const dropsMax = 1000

/** `GET /api/v1/ledger[?tenant=]` */
export const showLedger = ({ observed, search }: Call): Answer => {
  const query = queryOf<{ tenant: string }>(search, { tenant: name })
  if (query.kind === 'refused') return query.answer
  const { tenant } = query.values
  return json({
    totals: observed.ledger.totals(tenant),
    streams: observed.ledger.streams(tenant),
  })
}

/** `GET /api/v1/drops[?tenant=&reason=&since=&until=&order=&limit=&cursor=]` */
export const showDrops = async ({ observed, search, nowMs }: Call): Promise<Answer> => {
  const query = queryOf<DropParameters>(search, {
    tenant: name,
    reason: oneOf(dropReasons),
    since: instantBefore(nowMs),
    until: instantBefore(nowMs),
    order: oneOf(dropOrders),
    limit: wholeNumber({ min: 1, max: dropsMax }),
    cursor,
  })
  if (query.kind === 'refused') return query.answer
  const { since, until, limit = dropsDefault, ...rest } = query.values
  const found = await observed.ledger.drops({
    ...rest,
    limit,
    ...(since === undefined ? {} : { sinceMs: since }),
    ...(until === undefined ? {} : { untilMs: until }),
  })
  return json({ drops: found.drops.map(shownDrop), cursor: found.cursor })
}
type DropParameters = Required<Omit<DropQuery, 'sinceMs' | 'untilMs'>> & {
  readonly since: number
  readonly until: number
}

/** A drop event as the API shows it: times as ISO 8601, null where no record had one. */
export type ShownDrop = Omit<Drop, 'atMs' | 'fromMs' | 'toMs'> & {
  readonly at: string
  readonly from: string | null
  readonly to: string | null
}
const shownDrop = ({ atMs, fromMs, toMs, ...drop }: Drop): ShownDrop => ({
  ...drop,
  at: new Date(atMs).toISOString(),
  from: isoOrNull(fromMs),
  to: isoOrNull(toMs),
})
