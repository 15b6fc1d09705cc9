/** The account as a flow: what came in, what is held, and how it ended. */
import type { Glance } from '../answers.ts'
import type { Rates } from '../live.ts'
import { linkTo } from '../route.ts'
import { bytesText, count, durationText, rateText, shortCount } from '../words.ts'

export const Flow = ({ glance, rates }: { readonly glance: Glance; readonly rates: Rates }) => {
  const { totals, cache } = glance
  const fill = cache.capacityBytes === 0 ? 0 : cache.bytes / cache.capacityBytes
  return (
    <div class="flow">
      <Node kind="accepted" title="Accepted" value={totals.accepted} rate={rates.accepted}>
        {totals.refused === 0
          ? 'and none refused'
          : `${shortCount(totals.refused)} refused, which their clients still hold`}
      </Node>
      <Stream kind="accepted" perSecond={rates.accepted} />
      <Node kind="held" title="Held" value={totals.pending} href={linkTo('cache')}>
        <span class="gauge" aria-hidden="true">
          <span style={{ width: `${Math.min(100, fill * 100)}%` }} />
        </span>
        {bytesText(cache.bytes)} of {bytesText(cache.capacityBytes)}
        {totals.pending === 0 ? '' : `, oldest ${durationText(cache.oldestAgeSeconds * 1_000)}`}
      </Node>
      <div class="ends">
        <Stream kind="delivered" perSecond={rates.delivered} />
        <Node kind="delivered" title="Delivered" value={totals.delivered} rate={rates.delivered}>
          each with a receipt
        </Node>
        <Stream kind="dropped" perSecond={rates.dropped} />
        <Node
          kind="dropped"
          title="Dropped"
          value={totals.dropped}
          rate={rates.dropped}
          href={linkTo('losses')}
        >
          {totals.dropped === 0 ? 'nothing was lost' : 'each in a drop event'}
        </Node>
      </div>
      <Balance glance={glance} />
    </div>
  )
}

type Kind = 'accepted' | 'held' | 'delivered' | 'dropped'

const Node = ({
  kind,
  title,
  value,
  rate,
  href,
  children,
}: {
  readonly kind: Kind
  readonly title: string
  readonly value: number
  readonly rate?: number
  readonly href?: string
  readonly children: preact.ComponentChildren
}) => (
  <div class={`flow-node ${kind} ${value === 0 ? 'none' : ''}`}>
    <p class="flow-title">{href === undefined ? title : <a href={href}>{title}</a>}</p>
    <p class="flow-value" title={count(value)}>
      {shortCount(value)}
      {rate === undefined ? null : <span class="flow-rate">{rateText(rate)}</span>}
    </p>
    <p class="flow-note">{children}</p>
  </div>
)

/** The more records a second, the broader: each tenfold adds the same. */
const Stream = ({ kind, perSecond }: { readonly kind: Kind; readonly perSecond: number }) => {
  const weight = perSecond <= 0 ? 0 : Math.min(1, 0.18 + Math.log10(1 + perSecond) / 5)
  return (
    <span
      class={`flow-stream ${kind} ${perSecond > 0 ? 'runs' : ''}`}
      style={{ '--weight': weight }}
      aria-hidden="true"
    />
  )
}

const Balance = ({ glance: { totals } }: { readonly glance: Glance }) => (
  <p class={`balance ${totals.unaccounted === 0 ? '' : 'bad'}`}>
    <span>{count(totals.accepted)} accepted</span>
    <b>=</b>
    <span>{count(totals.delivered)} delivered</span>
    <b>+</b>
    <span>{count(totals.dropped)} dropped</span>
    <b>+</b>
    <span>{count(totals.pending)} held</span>
    <b>+</b>
    <span>{count(totals.unaccounted)} unaccounted</span>
  </p>
)
