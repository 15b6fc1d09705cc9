import type { Assignment } from '../../schemas/messages.ts'
import type { Stall } from './happenings.ts'

/** The outbox as the rest of the pipeline knows it. */
export type Notices = {
  /** What is to be told and what could not be: a tenant's own, and what concerns all. */
  readonly list: (tenant?: string) => NoticesView
  /** Sends dead letters again, and what waits for another attempt at once. */
  readonly resend: (tenant?: string) => Resent
  readonly stalled: (stall: Stall) => void
  readonly assigned: (assignment: Assignment) => void
  /** Sends what there is, for a short time, and keeps the rest. */
  readonly close: () => Promise<void>
}

export type NoticesView = {
  readonly webhooks: readonly WebhookView[]
  /** Oldest first. */
  readonly notices: readonly NoticeView[]
}
export type WebhookView = {
  readonly name: string
  readonly tenants: readonly string[]
  /** Notices that are not acknowledged, those that still grow among them. */
  readonly pending: number
  readonly dead: number
}
export type NoticeView = {
  /** Null while it still grows. */
  readonly id: string | null
  readonly webhook: string
  readonly type: string
  /** The tenant; for what concerns the whole pipeline the pattern of tenants that is told. */
  readonly subject: string
  readonly state: 'growing' | 'waiting' | 'sending' | 'dead'
  readonly openedAtMs: number
  readonly attempts: number
  /** The next attempt. */
  readonly nextAtMs: number | null
  readonly failure: string | null
  /** The CloudEvent, once it does not grow any more. */
  readonly event: string | null
}
export type Resent = {
  /** Dead letters that are sent again. */
  readonly revived: number
  /** Notices that were waiting for another attempt. */
  readonly hurried: number
}

/** Nobody is to be told anything. */
export const noNotices: Notices = {
  list: () => ({ webhooks: [], notices: [] }),
  resend: () => ({ revived: 0, hurried: 0 }),
  stalled: () => undefined,
  assigned: () => undefined,
  close: async () => undefined,
}
