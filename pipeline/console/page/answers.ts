/** What the admin API answers, as far as the console shows it. `docs/http.md` has the whole. */
export type Totals = {
  readonly accepted: number
  readonly delivered: number
  readonly dropped: number
  readonly pending: number
  readonly refused: number
  readonly unaccounted: number
}
export type Complaint = { readonly actor: string; readonly reason: string }
export type Actor = {
  readonly id: string
  readonly machine: string
  readonly value: string
  readonly detail: string
  readonly healthy: boolean
  readonly since: string
}
export type Transition = {
  /** Of all changes of state in this life; it only grows. */
  readonly number: number
  readonly at: string
  readonly actor: string
  readonly machine: string
  readonly from: string
  readonly to: string
  readonly message: string
}
export type Dispatch = {
  readonly intent: 'run' | 'suspend' | 'drain'
  readonly sends: number
  readonly waiting: number
  readonly failures: number
  readonly retryAt: string | null
}
export type EndpointNow = {
  readonly url: string | null
  readonly epoch: number | null
  readonly state: string
  readonly pinned: boolean
  readonly pending: number
}
export type Glance = {
  readonly at: string
  readonly version: string
  readonly producer: string
  readonly health: { readonly live: readonly Complaint[]; readonly ready: readonly Complaint[] }
  /** `elsewhere`: the auditor has it, and the totals here are 0. */
  readonly keepsAccount: 'here' | 'elsewhere'
  readonly totals: Totals
  readonly cache: {
    readonly bytes: number
    readonly capacityBytes: number
    readonly oldestAgeSeconds: number
  }
  readonly endpoint: EndpointNow
  readonly dispatch: Dispatch | null
  readonly actors: readonly Actor[]
  readonly deliveries: Readonly<Record<string, number>>
  readonly stalls: number
  readonly transitions: readonly Transition[]
}

export type Priority = 'high' | 'normal' | 'low'
export type Slot = {
  readonly id: number
  readonly segments: number
  readonly priority: Priority | null
  readonly bytes: number
  readonly batches: number
  readonly leased: number
  readonly state: 'open' | 'sealed' | 'leaving'
  readonly isNext: boolean
  readonly oldest: string | null
}
export type RingSummary = {
  readonly cache: string
  readonly service: string
  readonly place: 'here' | 'elsewhere'
  readonly at: string
  readonly bytes: number
  readonly capacityBytes: number
  readonly oldest: string | null
  readonly classes: readonly {
    readonly priority: Priority
    readonly bytes: number
    readonly batches: number
    readonly leased: number
  }[]
}
export type Rings = {
  readonly rings: readonly RingSummary[]
  /** Shards whose cache nobody is known to hold. */
  readonly missing: readonly string[]
}
export type Ring = {
  readonly capacityBytes: number
  readonly whenFull: 'overwrite_oldest' | 'refuse'
  readonly segmentCount: number
  readonly slots: readonly Slot[]
}

export type Assignment = {
  readonly url: string
  readonly epoch: number
  readonly by: 'configuration' | 'operator' | 'redirect' | 'rollback'
  readonly reason: string
  readonly at: string
}
export type Endpoint = EndpointNow & { readonly history: readonly Assignment[] }

export type Drop = {
  readonly id: string
  readonly at: string
  readonly tenant: string
  readonly service: string
  readonly producer: string
  readonly firstSeq: number
  readonly lastSeq: number
  readonly records: number
  readonly bytes: number
  readonly reason: string
  readonly detail: string
  readonly from: string | null
  readonly to: string | null
}
export type DropPage = { readonly drops: readonly Drop[]; readonly cursor: string | null }
export type Bucket = {
  readonly at: string
  readonly events: number
  readonly records: number
  readonly reasons: Readonly<Record<string, number>>
}
export type Timeline = {
  readonly from: string
  readonly to: string
  readonly stepMs: number
  readonly events: number
  readonly records: number
  readonly bytes: number
  readonly buckets: readonly Bucket[]
  /** `cut`: nothing before `countedFrom` is in it. */
  readonly looked: 'all' | 'cut'
  readonly countedFrom: string
}

export type Stall = {
  readonly at: string
  readonly subject: string
  readonly actor: string
  readonly kind: 'stalled' | 'givenUp' | 'recovered'
  readonly stalledMs: number
  readonly records: number
  readonly symptom: string
  readonly detail: string | null
}

export type Verdict = 'complete' | 'pending' | 'incomplete'
export type Hour = {
  readonly at: string
  readonly verdict: Verdict
  readonly held: number
  readonly lost: number
  readonly events: number
}
export type Calendar = {
  readonly watermark: string | null
  readonly asOf: string
  readonly accepted: number
  readonly since: string | null
  readonly doubts: readonly string[]
  readonly stepMs: number
  readonly cells: readonly Hour[]
}
export type Completeness = {
  readonly verdict: Verdict
  readonly watermark: string | null
  readonly asOf: string
  readonly accepted: number
  readonly pending: { readonly batches: number; readonly records: number }
  readonly lost: { readonly events: number; readonly records: number; readonly unlisted: number }
  readonly gaps: readonly Omit<Drop, 'bytes' | 'detail'>[]
  readonly doubts: readonly string[]
}

export type StreamRow = {
  readonly tenant: string
  readonly service: string
  readonly producers: number
  readonly accepted: number
  readonly delivered: number
  readonly dropped: number
  readonly pending: number
  readonly unaccounted: number
}
export type StreamPage = { readonly total: number; readonly streams: readonly StreamRow[] }
export type TenantRow = Omit<StreamRow, 'service' | 'producers'> & { readonly streams: number }
export type Tenants = { readonly total: number; readonly tenants: readonly TenantRow[] }
