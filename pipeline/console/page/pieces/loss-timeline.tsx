/** Drop events by time: a bar for each step, by reason. */
import { useRef } from 'preact/hooks'
import type { Bucket, Timeline } from '../answers.ts'
import {
  count,
  instantText,
  minuteText,
  plural,
  reasonText,
  reasonTexts,
  shortCount,
} from '../words.ts'

export const LossTimeline = ({
  timeline,
  selected,
  select,
}: {
  readonly timeline: Timeline
  /** The instant at which the chosen bar begins. */
  readonly selected: string | null
  readonly select: (bucket: Bucket | null) => void
}) => {
  const bars = useRef<HTMLDivElement>(null)
  const most = Math.max(1, ...timeline.buckets.map(({ records }) => records))
  const filled = timeline.buckets.filter(({ events }) => events > 0)
  const focusable = filled.find(({ at }) => at === selected) ?? filled[0]

  const move = (from: Bucket, step: 1 | -1): void => {
    const next = filled[filled.indexOf(from) + step]
    if (next === undefined) return
    bars.current?.querySelector<HTMLElement>(`[data-at="${next.at}"]`)?.focus()
  }
  return (
    <div class="timeline">
      <div class="timeline-scale" aria-hidden="true">
        <span>{shortCount(most)}</span>
        <span>records</span>
      </div>
      <div class="bars" ref={bars} role="toolbar" aria-label="Losses by time: choose one">
        <Uncounted timeline={timeline} />
        {timeline.buckets.map((bucket) =>
          bucket.events === 0 ? (
            <span class="bar" key={bucket.at} />
          ) : (
            <button
              type="button"
              class="bar filled"
              key={bucket.at}
              data-at={bucket.at}
              aria-pressed={bucket.at === selected}
              tabIndex={bucket === focusable ? 0 : -1}
              aria-label={`${instantText(bucket.at)}: ${plural(bucket.records, 'record')} lost in ${plural(bucket.events, 'event')}`}
              title={`${instantText(bucket.at)} UTC\n${titleOf(bucket)}`}
              onClick={() => select(bucket.at === selected ? null : bucket)}
              onKeyDown={({ key }) => {
                if (key === 'ArrowRight') move(bucket, 1)
                if (key === 'ArrowLeft') move(bucket, -1)
              }}
            >
              <Stack bucket={bucket} most={most} />
            </button>
          ),
        )}
      </div>
      <div class="timeline-times" aria-hidden="true">
        {ticksOf(timeline).map(({ at, share, text }) => (
          <span key={at} style={{ left: `${share * 100}%` }}>
            {text}
          </span>
        ))}
      </div>
    </div>
  )
}

/** The time of which nothing is known here, so that it does not look like one without losses. */
const Uncounted = ({
  timeline: { from, to, countedFrom, looked },
}: {
  readonly timeline: Timeline
}) => {
  if (looked === 'all') return null
  const share = (Date.parse(countedFrom) - Date.parse(from)) / (Date.parse(to) - Date.parse(from))
  return (
    <span class="uncounted" style={{ width: `${share * 100}%` }}>
      {share > 0.2 ? 'not counted' : ''}
    </span>
  )
}

/** How many were lost: where there are more events than are counted, of the newest. */
export const LossSum = ({ timeline }: { readonly timeline: Timeline }) => {
  const { records, events, looked, countedFrom } = timeline
  return (
    <>
      <p class="lead-figure">
        {plural(records, 'record')}{' '}
        <span class="muted">
          lost in {looked === 'cut' ? 'the newest ' : ''}
          {plural(events, 'event')}
        </span>
      </p>
      {looked === 'cut' ? (
        <p class="muted">
          There were more: these are the ones since {instantText(countedFrom)} UTC.
        </p>
      ) : null}
    </>
  )
}

/** The root of the share, so that a small loss beside a large one can be seen. */
const Stack = ({ bucket, most }: { readonly bucket: Bucket; readonly most: number }) => (
  <span class="stack" style={{ height: `${Math.max(4, Math.sqrt(bucket.records / most) * 100)}%` }}>
    {inOrder(bucket.reasons).map(([reason, records]) => (
      <span key={reason} class={`reason ${reason}`} style={{ flexGrow: records }} />
    ))}
  </span>
)

/** The same in each bar, so that a reason can be followed from one to the next. */
const inOrder = (reasons: Bucket['reasons']): readonly (readonly [string, number])[] =>
  Object.entries(reasons).sort(([a], [b]) => order.indexOf(a) - order.indexOf(b))
const order = Object.keys(reasonTexts)

const titleOf = ({ reasons, events }: Bucket): string =>
  [
    plural(events, 'event'),
    ...inOrder(reasons).map(([reason, records]) => `${reasonText(reason)}: ${count(records)}`),
  ].join('\n')

const ticksOf = ({
  from,
  to,
}: Timeline): readonly { readonly at: number; readonly share: number; readonly text: string }[] => {
  const [fromMs, toMs] = [Date.parse(from), Date.parse(to)]
  const isDays = toMs - fromMs > 2 * 86_400_000
  return [0, 0.25, 0.5, 0.75, 1].map((share) => {
    const at = fromMs + (toMs - fromMs) * share
    return { at, share, text: isDays ? instantText(at).slice(0, 6) : minuteText(at) }
  })
}
