import { type ActorGroup, absentText, groupOf } from '../actor-group.ts'
import type { Glance, Stall, Timeline } from '../answers.ts'
import { live, steadyRates } from '../live.ts'
import { Card } from '../pieces/card.tsx'
import { Empty, Failed, NoAccount } from '../pieces/failed.tsx'
import { Flow } from '../pieces/flow.tsx'
import { LossSum, LossTimeline } from '../pieces/loss-timeline.tsx'
import { RateChart } from '../pieces/rate-chart.tsx'
import { StallList } from '../pieces/stall-list.tsx'
import { usePolled } from '../polled.ts'
import { linkTo } from '../route.ts'
import { useStore } from '../store.ts'
import { durationText, plural, sinceText, stateText } from '../words.ts'

export const Overview = () => {
  const { glance, samples } = useStore(live)
  if (glance === null) return null
  const rates = steadyRates(samples)
  return (
    <div class="grid overview">
      <Card
        title="The account"
        kind="wide"
        aside={<span class="muted">records, since the beginning</span>}
      >
        {glance.keepsAccount === 'here' ? <Flow glance={glance} rates={rates} /> : <NoAccount />}
      </Card>
      <Card title="Actors" kind="wide" aside={<a href={linkTo('actors')}>Statecharts</a>}>
        <Chain glance={glance} />
      </Card>
      <Card
        title="Records a second"
        kind="two"
        aside={<span class="muted">since you look, 5 minutes at most</span>}
      >
        <RateChart samples={samples} rates={rates} />
      </Card>
      <Card title="Endpoint" aside={<a href={linkTo('endpoint')}>History and control</a>}>
        <EndpointFacts glance={glance} />
      </Card>
      {glance.keepsAccount === 'here' ? <RecentLosses /> : null}
      <Stalls />
    </div>
  )
}

/** The four in the order in which a record meets them, and the one that watches them. */
const order = ['collector', 'cache', 'dispatcher', 'endpoint-manager', 'sentinel']

const Chain = ({ glance }: { readonly glance: Glance }) => {
  const sends = Object.values(glance.deliveries).reduce((sum, it) => sum + it, 0)
  const absent = glance.keepsAccount === 'here' ? 'missing' : 'elsewhere'
  return (
    <ol class="chain">
      {order.map((id) => {
        const group = groupOf(glance, id)
        const actor = group?.notable
        return (
          <li
            key={id}
            class={`link-of is-${actor?.value ?? absent} ${actor?.healthy === false ? 'unwell' : ''}`}
          >
            <a href={linkTo('actors', { of: id })}>
              <span class="link-name">{id}</span>
              <span class="link-state">{group?.text ?? absentText(glance)}</span>
              <span class="link-note">
                {group === undefined
                  ? ''
                  : id === 'dispatcher' && sends > 0
                    ? `${plural(sends, 'send')} out`
                    : noteOf(group, Date.parse(glance.at))}
              </span>
            </a>
          </li>
        )
      })}
    </ol>
  )
}

const noteOf = ({ actors, notable }: ActorGroup, nowMs: number): string =>
  actors.length === 1 ? sinceText(notable.since, nowMs) : `${actors.length} of them`

const EndpointFacts = ({ glance: { endpoint, dispatch, at } }: { readonly glance: Glance }) => (
  <div class="facts">
    <p class="endpoint-url">{endpoint.url ?? 'No endpoint is assigned'}</p>
    <dl>
      <div>
        <dt>Epoch</dt>
        <dd>{endpoint.epoch ?? '–'}</dd>
      </div>
      <div>
        <dt>State</dt>
        <dd>
          {stateText(endpoint.state)}
          {endpoint.pinned && endpoint.state !== 'pinned' ? ', pinned' : ''}
        </dd>
      </div>
      {dispatch === null ? null : (
        <>
          <div>
            <dt>Sends out</dt>
            <dd>
              {dispatch.sends}
              {endpoint.pending > 0 ? `, ${endpoint.pending} of an earlier epoch` : ''}
            </dd>
          </div>
          <div>
            <dt>Failures in a row</dt>
            <dd>{dispatch.failures}</dd>
          </div>
        </>
      )}
      {dispatch?.retryAt ? (
        <div>
          <dt>Tries again</dt>
          <dd>in {durationText(Math.max(0, Date.parse(dispatch.retryAt) - Date.parse(at)))}</dd>
        </div>
      ) : null}
    </dl>
  </div>
)

const RecentLosses = () => {
  const { value, failure } = usePolled<Timeline>(
    '/api/v1/drops/timeline',
    { from: '24h', buckets: 72 },
    10_000,
  )
  return (
    <Card
      title="Losses of the last 24 hours"
      kind="two"
      aside={<a href={linkTo('losses')}>Each event</a>}
    >
      <Failed failure={failure} />
      {value === undefined ? null : value.events === 0 ? (
        <Empty title="Nothing was lost.">No drop event was recorded in the last 24 hours.</Empty>
      ) : (
        <>
          <LossSum timeline={value} />
          <LossTimeline
            timeline={value}
            selected={null}
            select={(bucket) => {
              if (bucket !== null) location.hash = linkTo('losses', { span: '24h', at: bucket.at })
            }}
          />
        </>
      )}
    </Card>
  )
}

const Stalls = () => {
  const { value, failure } = usePolled<{ readonly stalls: readonly Stall[] }>(
    '/api/v1/stalls',
    {},
    5_000,
  )
  return (
    <Card title="Stalls" aside={<span class="muted">of this life</span>}>
      <Failed failure={failure} />
      {value === undefined ? null : <StallList stalls={value.stalls} />}
    </Card>
  )
}
