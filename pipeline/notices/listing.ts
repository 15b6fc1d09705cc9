import type { Book } from '../../infra/notices/book.ts'
import { type NoticeKind, noticeTypes, type Open, type Sealed } from '../../infra/notices/notice.ts'
import type { NoticesConfig } from '../config/config.ts'
import { isMatch } from '../config/star-pattern.ts'
import type { NoticesView, NoticeView } from './notices.ts'

/** The outbox for people, or for one tenant: its own notices, and those of the pipeline that it gets. */
export const listed = ({
  book,
  config,
  isSending,
  tenant,
}: {
  readonly book: Book
  readonly config: NoticesConfig
  readonly isSending: (webhook: string, id: string) => boolean
  readonly tenant: string | undefined
}): NoticesView => {
  const concerns = ({ kind, subject }: { kind: NoticeKind; subject: string }): boolean =>
    tenant === undefined || (kind === 'drop' ? subject === tenant : isMatch(subject, tenant))
  const dead = book.dead().filter(concerns)
  const pending = book.lanes.map((lane) => {
    const { webhook } = lane
    const sending = ({ id }: Sealed): boolean => isSending(webhook, id)
    return [
      ...lane
        .open()
        .filter(concerns)
        .map((notice) => growing(webhook, notice)),
      ...lane
        .waiting()
        .filter(concerns)
        .map((it) => closed(webhook, it, sending(it) ? 'sending' : 'waiting')),
    ]
  })
  return {
    webhooks: config.webhooks
      .filter(({ tenants }) => tenant === undefined || tenants.some((it) => isMatch(it, tenant)))
      .map(({ name, tenants }) => ({
        name,
        tenants,
        pending: pending.flat().filter(({ webhook }) => webhook === name).length,
        dead: dead.filter(({ webhook }) => webhook === name).length,
      })),
    notices: [
      ...pending.flat(),
      ...dead.map((letter) => ({
        ...closed(letter.webhook, letter, 'dead'),
        nextAtMs: null,
        failure: letter.failure === null ? letter.why : `${letter.why}; ${letter.failure}`,
      })),
    ].sort((one, other) => one.openedAtMs - other.openedAtMs),
  }
}

const growing = (webhook: string, { kind, subject, openedAtMs }: Open): NoticeView => ({
  id: null,
  webhook,
  type: noticeTypes[kind],
  subject,
  state: 'growing',
  openedAtMs,
  attempts: 0,
  nextAtMs: null,
  failure: null,
  event: null,
})

const closed = (webhook: string, notice: Sealed, state: NoticeView['state']): NoticeView => ({
  id: notice.id,
  webhook,
  type: noticeTypes[notice.kind],
  subject: notice.subject,
  state,
  openedAtMs: notice.openedAtMs,
  attempts: notice.attempts,
  nextAtMs: notice.nextAtMs,
  failure: notice.failure,
  event: notice.event,
})
