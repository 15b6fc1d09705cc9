import { rangesOf } from '../account/stream-ranges.ts'
import { json } from './answer.ts'
import { name, queryOf } from './query.ts'
import type { Route } from './route.ts'

/** `GET /api/v1/ranges[?tenant=&service=]` */
export const showRanges: Route = async ({ observed, search }) => {
  const query = queryOf<{ tenant: string; service: string }>(search, {
    tenant: name,
    service: name,
  })
  return query.kind === 'refused' ? query.answer : json(await rangesOf(observed, query.values))
}
