const shown = { kind: 'gauge', from: 'view', labels: [] } as const
const counted = { kind: 'counter', unit: 'events', from: 'meters', labels: [] } as const

/** The part of the metrics table that is about notices. */
export const noticeMetrics = {
  noticeAttempts: {
    name: 'holdfast_notice_attempts_total',
    ...counted,
    labels: ['outcome'],
    values: ['acknowledged', 'gone', 'failed'],
    description: 'Requests to webhooks that have ended.',
  },
  noticesDeadLettered: {
    name: 'holdfast_notices_dead_lettered_total',
    ...counted,
    description: 'Notices that were given up. Each is an error in the log.',
  },
  noticesPending: {
    name: 'holdfast_notices_pending',
    ...shown,
    unit: 'events',
    description: 'Notices that no webhook has acknowledged yet, those that still grow among them.',
  },
  noticesDead: {
    name: 'holdfast_notices_dead_letters',
    ...shown,
    unit: 'events',
    description: 'Dead letters that are kept, to be sent again by hand.',
  },
  noticesOldestAgeSeconds: {
    name: 'holdfast_notices_oldest_age_seconds',
    ...shown,
    unit: 'seconds',
    description: 'Age of the oldest notice that is not acknowledged; 0 when there is none.',
  },
} as const
