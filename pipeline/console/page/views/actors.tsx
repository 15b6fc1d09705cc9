import { useEffect, useRef, useState } from 'preact/hooks'
import type { Chart } from '../../chart.ts'
import { type ActorGroup, groupOf } from '../actor-group.ts'
import type { Glance, Transition } from '../answers.ts'
import { useCharts } from '../charts.ts'
import { type Live, live } from '../live.ts'
import { Card } from '../pieces/card.tsx'
import { type Lit, Statechart } from '../pieces/statechart.tsx'
import { TransitionFeed } from '../pieces/transition-feed.tsx'
import { usePlace } from '../route.ts'
import { useStore } from '../store.ts'
import { plural, sinceText } from '../words.ts'

/** The dispatcher first: it is where the trouble was. */
const order = ['dispatcher', 'delivery', 'endpoint-manager', 'cache', 'collector', 'sentinel']
/** How long a way that was taken stays marked. */
const warmMs = 10_000
const feedRows = 60

export const Actors = () => {
  const now = useStore(live)
  const charts = useCharts()
  const { parameters } = usePlace()
  const { glance } = now
  useEffect(() => {
    if (charts !== undefined && parameters.of !== undefined)
      document.getElementById(`chart-${parameters.of}`)?.scrollIntoView({ block: 'center' })
  }, [charts, parameters.of])
  if (glance === null || charts === undefined) return null
  return (
    <div class="grid actors">
      <div class="charts">
        {order.map((id) => {
          const chart = charts.machines.find((it) => it.id === id)
          return chart === undefined ? null : (
            <ChartCard
              key={id}
              chart={chart}
              now={now}
              glance={glance}
              isAsked={parameters.of === id}
            />
          )
        })}
      </div>
      <Card title="What happened" kind="feed-card" aside={<span class="muted">newest first</span>}>
        <TransitionFeed transitions={now.transitions} rowsMax={feedRows} />
      </Card>
    </div>
  )
}

const ChartCard = ({
  chart,
  now,
  glance,
  isAsked,
}: {
  readonly chart: Chart
  readonly now: Live
  readonly glance: Glance
  readonly isAsked: boolean
}) => {
  const { id } = chart
  const group = groupOf(glance, id)
  const actor = group?.notable
  const box = useRef<HTMLDivElement>(null)
  const shape = useShape(box, chart)
  const isRedirect = actor?.value === 'redirectInFlight'
  return (
    <section
      class={`card chart-card ${isRedirect ? 'in-redirect' : ''} ${isAsked ? 'asked' : ''}`}
      id={`chart-${id}`}
      aria-labelledby={`chart-title-${id}`}
    >
      <div class="card-head">
        <h2 id={`chart-title-${id}`}>{id}</h2>
        <StateNow id={id} glance={glance} />
      </div>
      <p class="muted chart-detail">
        {group === undefined ? absentDetail(id, glance) : detailOf(group)}
      </p>
      <div class="chart-box" ref={box}>
        <Statechart chart={chart} lit={litOf(id, now, glance)} shape={shape} />
      </div>
    </section>
  )
}

/** The details of several are told beside their number: of which it is, its id says. */
const detailOf = ({ actors, notable }: ActorGroup): string =>
  actors.length === 1
    ? notable.detail
    : `${actors.length} of them. ${notable.id}${notable.detail === '' ? '' : `: ${notable.detail}`}`

const absentDetail = (id: string, glance: Glance): string => {
  if (id !== 'delivery')
    return glance.keepsAccount === 'here' ? 'It has stopped.' : 'It runs in other services.'
  const sends = Object.values(glance.deliveries).reduce((sum, it) => sum + it, 0)
  return sends === 0
    ? 'One for each request that is out; none is now.'
    : `${plural(sends, 'request')} out, a machine each.`
}

const StateNow = ({ id, glance }: { readonly id: string; readonly glance: Glance }) => {
  const group = groupOf(glance, id)
  if (group === undefined) return null
  const { notable: actor, actors, text } = group
  return (
    <span class={`state-now is-${actor.value} ${actor.healthy ? '' : 'unwell'}`}>
      {text}
      {actors.length === 1 ? (
        <span class="muted"> {sinceText(actor.since, Date.parse(glance.at))}</span>
      ) : null}
    </span>
  )
}

const litOf = (id: string, { transitions, fresh }: Live, glance: Glance): Lit => {
  const isOf = ({ machine }: Transition): boolean => machine === id
  const nowMs = Date.parse(glance.at)
  const counts: Record<string, number> = {}
  for (const { machine, value } of glance.actors)
    if (machine === id) counts[value] = (counts[value] ?? 0) + 1
  return {
    counts: id === 'delivery' ? glance.deliveries : counts,
    fresh: fresh.filter(isOf),
    recent: transitions.filter((it) => isOf(it) && nowMs - Date.parse(it.at) < warmMs),
  }
}

/** Broad where there is room for it. */
const useShape = (
  box: { readonly current: HTMLDivElement | null },
  { wide }: Chart,
): 'wide' | 'tall' => {
  const [shape, setShape] = useState<'wide' | 'tall'>('wide')
  useEffect(() => {
    if (box.current === null) return
    const observer = new ResizeObserver(([entry]) => {
      if (entry !== undefined)
        setShape(entry.contentRect.width < wide.width * 0.72 ? 'tall' : 'wide')
    })
    observer.observe(box.current)
    return () => observer.disconnect()
  }, [box, wide])
  return shape
}
