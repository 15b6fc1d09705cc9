import type { NoticesView, NoticeView } from '../notices/notices.ts'
import { type Answer, json, refusal } from './answer.ts'
import { name, queryOf } from './query.ts'
import type { Call, Route } from './route.ts'

/** Notices in one answer. The sums beside them count all. */
const noticesMax = 1_000

/** `GET /api/v1/notices[?tenant=]` */
export const showNotices: Route = ({ observed, search }) => {
  const query = queryOf<{ tenant: string }>(search, { tenant: name })
  if (query.kind === 'refused') return query.answer
  return json(shownNotices(observed.notices.list(query.values.tenant)))
}

/** `POST /api/v1/notices/resend` `{"tenant": …}` */
export const resendNotices: Route = async (call): Promise<Answer> => {
  const tenant = await tenantOf(call)
  if (tenant.kind === 'refused') return tenant.answer
  const resent = call.observed.notices.resend(tenant.name)
  call.log.info('notices.resent', 'An operator had notices sent again.', {
    tenant: tenant.name,
    ...resent,
  })
  return json(resent, 202)
}

/** A body of `resendNotices`. */
export const resendExample = '{"tenant":"acme"}'

type Tenant =
  | { readonly kind: 'tenant'; readonly name: string | undefined }
  | { readonly kind: 'refused'; readonly answer: Answer }

const tenantOf = async ({ body, search }: Call): Promise<Tenant> => {
  const query = queryOf(search, {})
  if (query.kind === 'refused') return query
  const read = await body(resendExample)
  if (read.kind === 'refused') return read
  const { tenant, ...others } = read.value
  const [stranger] = Object.keys(others)
  const wrong =
    stranger !== undefined
      ? `there is no field "${stranger.slice(0, 80)}"`
      : tenant !== undefined && (typeof tenant !== 'string' || name(tenant).kind === 'wrong')
        ? 'tenant is no name'
        : undefined
  if (wrong !== undefined)
    return { kind: 'refused', answer: refusal({ status: 400, error: wrong, allowed: ['tenant'] }) }
  return { kind: 'tenant', name: tenant as string | undefined }
}

export type ShownNotice = Omit<NoticeView, 'openedAtMs' | 'nextAtMs' | 'event'> & {
  readonly openedAt: string
  readonly nextAt: string | null
  /** The CloudEvent; null while it still grows. */
  readonly event: unknown
}
export type ShownNotices = Pick<NoticesView, 'webhooks'> & {
  readonly notices: readonly ShownNotice[]
  /** Notices that are left out here for their number. */
  readonly omitted: number
}

const shownNotices = ({ webhooks, notices }: NoticesView): ShownNotices => ({
  webhooks,
  notices: notices.slice(0, noticesMax).map(shownNotice),
  omitted: Math.max(0, notices.length - noticesMax),
})

const shownNotice = ({ openedAtMs, nextAtMs, event, ...notice }: NoticeView): ShownNotice => ({
  ...notice,
  openedAt: new Date(openedAtMs).toISOString(),
  nextAt: nextAtMs === null ? null : new Date(nextAtMs).toISOString(),
  event: event === null ? null : JSON.parse(event),
})
