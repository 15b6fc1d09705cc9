import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import type { Bucket, Drop, DropPage, Tenants, Timeline } from '../answers.ts'
import { get } from '../client.ts'
import { Card } from '../pieces/card.tsx'
import { DropDetail } from '../pieces/drop-detail.tsx'
import { Empty, Failed } from '../pieces/failed.tsx'
import { FilterField } from '../pieces/filter-field.tsx'
import { LossSum, LossTimeline } from '../pieces/loss-timeline.tsx'
import { VirtualList } from '../pieces/virtual-list.tsx'
import { usePolled } from '../polled.ts'
import { restate, usePlace } from '../route.ts'
import { count, instantText, plural, reasonText } from '../words.ts'

const spans = { '1h': 'hour', '24h': '24 hours', '7d': '7 days', '30d': '30 days' } as const
type Span = keyof typeof spans
const isSpan = (text: string | undefined): text is Span => text !== undefined && text in spans

export const Losses = () => {
  const { parameters } = usePlace()
  const span = isSpan(parameters.span) ? parameters.span : '24h'
  const { tenant, at } = parameters
  const { value, failure } = usePolled<Timeline>(
    '/api/v1/drops/timeline',
    { from: span, tenant, buckets: 120 },
    10_000,
  )
  const [turn, setTurn] = useState(0)
  // A bar of an earlier answer may lie between two of this one: then the one that holds its beginning.
  const bucket = value?.buckets.find(
    (it) =>
      at !== undefined &&
      Date.parse(it.at) <= Date.parse(at) &&
      Date.parse(at) < Date.parse(it.at) + value.stepMs,
  )
  return (
    <div class="grid losses">
      <Card title="When" kind="wide" aside={<Spans span={span} />}>
        <div class="filters">
          <TenantField tenant={tenant ?? ''} />
        </div>
        <Failed failure={failure} />
        {value === undefined ? null : value.events === 0 ? (
          <Empty title="Nothing was lost.">
            No drop event was recorded in the last {spans[span]}
            {tenant === undefined ? '' : ` of tenant ${tenant}`}.
          </Empty>
        ) : (
          <>
            <LossSum timeline={value} />
            <LossTimeline
              timeline={value}
              selected={bucket?.at ?? null}
              select={(chosen) => restate({ at: chosen?.at })}
            />
            <Reasons timeline={value} />
          </>
        )}
      </Card>
      {value === undefined || value.events === 0 ? null : (
        <Events
          key={`${span} ${tenant} ${bucket?.at} ${turn}`}
          timeline={value}
          bucket={bucket}
          tenant={tenant}
          again={() => setTurn(turn + 1)}
        />
      )}
    </div>
  )
}

const Spans = ({ span }: { readonly span: Span }) => (
  <fieldset class="segmented">
    <legend class="hidden">How far back</legend>
    {(Object.keys(spans) as Span[]).map((it) => (
      <label key={it}>
        <input
          type="radio"
          name="span"
          checked={it === span}
          onChange={() => restate({ span: it, at: undefined })}
        />
        <span>{it}</span>
      </label>
    ))}
  </fieldset>
)

/** Of the tenants that there are, those that lost most come first. */
export const TenantField = ({ tenant }: { readonly tenant: string }) => {
  const { value } = usePolled<Tenants>('/api/v1/tenants', { limit: 200 }, 30_000)
  return (
    <FilterField
      label="Tenant"
      placeholder="all tenants"
      value={tenant}
      commit={(text) => restate({ tenant: text, at: undefined })}
      options={value?.tenants.map(({ tenant: name }) => name) ?? []}
    />
  )
}

const Reasons = ({ timeline }: { readonly timeline: Timeline }) => {
  const sums: Record<string, number> = {}
  for (const { reasons } of timeline.buckets)
    for (const [reason, records] of Object.entries(reasons))
      sums[reason] = (sums[reason] ?? 0) + records
  return (
    <ul class="legend">
      {Object.entries(sums)
        .sort(([, a], [, b]) => b - a)
        .map(([reason, records]) => (
          <li key={reason}>
            <span class={`key reason ${reason}`} aria-hidden="true" /> {reasonText(reason)}{' '}
            <b>{count(records)}</b>
          </li>
        ))}
    </ul>
  )
}

const pageRows = 200
const rowHeight = 52

/** The events of a bar, or of all that is shown: fetched page by page as they are scrolled to. */
const Events = ({
  timeline,
  bucket,
  tenant,
  again,
}: {
  readonly timeline: Timeline
  readonly bucket: Bucket | undefined
  readonly tenant: string | undefined
  /** Begins anew, with what came since. */
  readonly again: () => void
}) => {
  const [window] = useState({
    since: Date.parse(bucket?.at ?? timeline.from),
    until: bucket === undefined ? undefined : Date.parse(bucket.at) + timeline.stepMs,
    total: bucket?.events ?? timeline.events,
  })
  // What comes meanwhile does not move the list under whoever reads it.
  const newer = (bucket?.events ?? timeline.events) - window.total
  const { rows, isWhole, more } = useDrops(window, tenant)
  const [opened, setOpened] = useState<Drop | null>(null)
  return (
    <Card
      title={bucket === undefined ? 'Each event' : `Events from ${instantText(bucket.at)}`}
      kind="wide"
      aside={
        bucket === undefined ? (
          <Freshness newer={newer} again={again} />
        ) : (
          <button type="button" class="link" onClick={() => restate({ at: undefined })}>
            Show all
          </button>
        )
      }
    >
      <VirtualList
        rows={rows}
        total={isWhole ? rows.length : Math.max(window.total, rows.length)}
        rowHeight={rowHeight}
        height={540}
        label="Drop events"
        keyOf={({ id }) => id}
        reached={more}
        show={(drop) => <EventRow drop={drop} open={() => setOpened(drop)} />}
      />
      {opened === null ? null : <DropDetail drop={opened} close={() => setOpened(null)} />}
    </Card>
  )
}

const Freshness = ({ newer, again }: { readonly newer: number; readonly again: () => void }) =>
  newer > 0 ? (
    <button type="button" class="link" onClick={again}>
      Show {count(newer)} newer
    </button>
  ) : (
    <span class="muted">newest first</span>
  )

const EventRow = ({ drop, open }: { readonly drop: Drop; readonly open: () => void }) => (
  <button type="button" class="event" onClick={open}>
    <span class={`key reason ${drop.reason}`} aria-hidden="true" />
    <span class="event-what">
      <b>{drop.service}</b> <span class="muted">of {drop.tenant}</span>
    </span>
    <span class="event-range">
      {drop.firstSeq === drop.lastSeq ? `no. ${drop.firstSeq}` : `${drop.firstSeq}–${drop.lastSeq}`}
    </span>
    <span class="event-records">{plural(drop.records, 'record')}</span>
    <span class="event-reason">{reasonText(drop.reason)}</span>
    <time class="event-at" dateTime={drop.at}>
      {instantText(drop.at)}
    </time>
  </button>
)

const useDrops = (
  { since, until }: { readonly since: number; readonly until: number | undefined },
  tenant: string | undefined,
): { readonly rows: readonly Drop[]; readonly isWhole: boolean; readonly more: () => void } => {
  const [pages, setPages] = useState<{
    readonly rows: readonly Drop[]
    readonly cursor: string | null
  }>({
    rows: [],
    cursor: '',
  })
  const isAsking = useRef(false)
  const more = useCallback(async () => {
    if (isAsking.current || pages.cursor === null) return
    isAsking.current = true
    const result = await get<DropPage>('/api/v1/drops', {
      order: 'newest',
      since,
      until,
      limit: pageRows,
      tenant,
      cursor: pages.cursor,
    })
    isAsking.current = false
    if (result.kind !== 'answer') return
    const { drops, cursor } = result.value
    setPages({ rows: [...pages.rows, ...drops], cursor })
  }, [pages, since, tenant, until])
  useEffect(() => {
    if (pages.cursor === '') void more()
  }, [more, pages.cursor])
  return { rows: pages.rows, isWhole: pages.cursor === null, more }
}
