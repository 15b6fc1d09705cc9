/** What the admin API answers for all workers together. */
import { prometheusContentType } from '../../infra/telemetry/prometheus.ts'
import type { Completeness } from '../account/completeness.ts'
import type { LedgerRanges } from '../account/stream-ranges.ts'
import { type Answer, json, refusal } from '../admin/answer.ts'
import type { ShownEndpoint } from '../admin/endpoint-routes.ts'
import type { ShownActor } from '../admin/state-routes.ts'
import type { LedgerWindow } from '../admin/window-routes.ts'
import { type Asked, type Crew, type Told, toldValue } from './crew.ts'
import { workerPage } from './crew-metrics.ts'
import {
  type Account,
  type EachOf,
  mergedAccount,
  mergedCompleteness,
  mergedRanges,
  mergedWindow,
} from './merged-account.ts'
import { type DropPage, dropPage, placesIn } from './merged-drops.ts'
import { mergedEndpoint } from './merged-endpoint.ts'
import { mergedMetrics } from './merged-metrics.ts'

export type CrewCall = {
  readonly crew: Crew
  readonly path: string
  readonly search: URLSearchParams
}
export type CrewRoute = (call: CrewCall) => Promise<Answer>

type Gathered<Value> =
  | { readonly kind: 'all'; readonly values: EachOf<{ worker: number; value: Value }> }
  | { readonly kind: 'refused'; readonly answer: Answer }

/** The same of every worker, or why not: half an account is none. */
const gathered = async <Value>({ crew, path, search }: CrewCall): Promise<Gathered<Value>> => {
  const told = await askAll(crew, {
    method: 'GET',
    path: search.size === 0 ? path : `${path}?${search}`,
  })
  const [first, ...others] = told
  const refused = told.find(({ status }) => status !== 200)
  if (first === undefined || refused !== undefined)
    return { kind: 'refused', answer: refusedBy(refused) }
  const one = (answer: Told) => ({ worker: answer.worker, value: toldValue<Value>(answer) })
  return { kind: 'all', values: [one(first), ...others.map(one)] }
}

export const askAll = (crew: Crew, asked: Asked): Promise<readonly Told[]> =>
  Promise.all(crew.members.map((member) => crew.ask(member, asked)))

const refusedBy = (told: Told | undefined): Answer =>
  told === undefined
    ? refusal({ status: 503, error: 'there are no workers' })
    : { status: told.status, headers: passedOn(told.headers), body: told.body }

const passed = [
  'allow',
  'content-security-policy',
  'content-type',
  'cross-origin-opener-policy',
  'referrer-policy',
  'retry-after',
]
/** Of a worker's answer: what is not about the connection to it. */
export const passedOn = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => passed.includes(name)))

const merging =
  <Value>(merge: (values: EachOf<Value>, workers: EachOf<number>) => unknown): CrewRoute =>
  async (call) => {
    const found = await gathered<Value>(call)
    if (found.kind === 'refused') return found.answer
    const [first, ...others] = found.values
    return json(
      merge(
        [first.value, ...others.map(({ value }) => value)],
        [first.worker, ...others.map(({ worker }) => worker)],
      ),
    )
  }

const listing = <Row extends object>(name: string): CrewRoute =>
  merging<Readonly<Record<string, readonly Row[]>>>((values, workers) => ({
    [name]: values.flatMap((value, index) =>
      (value[name] ?? []).map((row) => ({ ...row, worker: workers[index] })),
    ),
  }))

const actors: CrewRoute = merging<{ readonly actors: readonly ShownActor[] }>(
  (values, workers) => ({
    actors: values.flatMap((value, index) =>
      value.actors.map(({ id, ...actor }) => ({ id: `worker-${workers[index]}/${id}`, ...actor })),
    ),
  }),
)

const endpoint: CrewRoute = merging<ShownEndpoint>((values, workers) =>
  mergedEndpoint(
    values.map((value, index) => ({ worker: workers[index] ?? index, endpoint: value })),
  ),
)

const dropsDefault = 1_000

const drops: CrewRoute = async ({ crew, path, search }) => {
  const asked = new URLSearchParams(search)
  const [cursor, limit] = [asked.get('cursor'), asked.get('limit')]
  asked.delete('cursor')
  asked.delete('limit')
  const { members } = crew
  const places = cursor === null ? members.map(() => '') : placesIn(cursor, members.length)
  if (places === undefined)
    return refusal({
      status: 400,
      error: `cursor: this is no cursor of ${members.length} workers`,
      allowed: 'the cursor, or next, of an earlier answer',
    })
  if (limit !== null && !/^([1-9]\d{0,2}|1000)$/.test(limit))
    return refusal({ status: 400, error: 'limit: this is out of range', allowed: '1 to 1000' })
  const page = await dropPage<Answer>({
    places,
    order: asked.get('order') === 'newest' ? 'newest' : 'oldest',
    limit: limit === null ? dropsDefault : Number(limit),
    read: async (worker, from) => {
      const member = members[worker]
      if (member === undefined) return refusedBy(undefined)
      const query = new URLSearchParams(asked)
      query.set('limit', String(from.limit))
      if (from.place !== '') query.set('cursor', from.place)
      const told = await crew.ask(member, { method: 'GET', path: `${path}?${query}` })
      return told.status === 200 ? toldValue<DropPage>(told) : refusedBy(told)
    },
  })
  return 'drops' in page ? json(page) : page
}

/** A worker that is away has no page; that it is away is told by a series of its own. */
const metrics: CrewRoute = async ({ crew, path }) => {
  const told = await askAll(crew, { method: 'GET', path })
  const pages = told
    .filter(({ status }) => status === 200)
    .map(({ worker, body }) => ({ worker, text: Buffer.from(body).toString() }))
  return {
    status: 200,
    headers: { 'content-type': prometheusContentType },
    body: `${workerPage(crew.members)}${mergedMetrics(pages)}`,
  }
}

const workers: CrewRoute = async ({ crew }) =>
  json({
    workers: crew.members.map((member) => ({
      worker: member.worker,
      state: member.state(),
      pid: member.pid() ?? null,
      restarts: member.restarts(),
    })),
  })

/** By path. Everything else is told by each worker alone. */
export const crewRoutes: Readonly<Record<string, CrewRoute>> = {
  '/metrics': metrics,
  '/api/v1/workers': workers,
  '/api/v1/ledger': merging<Account>(mergedAccount),
  '/api/v1/ledger/window': merging<LedgerWindow>(mergedWindow),
  '/api/v1/drops': drops,
  '/api/v1/ranges': merging<LedgerRanges>(mergedRanges),
  '/api/v1/completeness': merging<Completeness>(mergedCompleteness),
  '/api/v1/endpoint': endpoint,
  '/api/v1/actors': actors,
  '/api/v1/stalls': listing('stalls'),
  '/api/v1/notices': merging<Notices>((values, numbers) => ({
    webhooks: values.flatMap((value, index) =>
      value.webhooks.map((webhook) => ({ ...webhook, worker: numbers[index] })),
    ),
    notices: values.flatMap((value, index) =>
      value.notices.map((notice) => ({ ...notice, worker: numbers[index] })),
    ),
    omitted: values.reduce((sum, { omitted }) => sum + omitted, 0),
  })),
}
type Notices = {
  readonly webhooks: readonly object[]
  readonly notices: readonly object[]
  readonly omitted: number
}
