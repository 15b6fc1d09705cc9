/** A machine, its current state lit, and what it did just now. */
import { useRef } from 'preact/hooks'
import type { Chart, Drawing, DrawnArrow, DrawnState } from '../../chart.ts'
import type { Transition } from '../answers.ts'
import { stateText } from '../words.ts'

export type Lit = {
  /** How many are in each state: one, or as many as there are sends. */
  readonly counts: Readonly<Record<string, number>>
  /** What happened since the last look, of this machine. */
  readonly fresh: readonly Transition[]
  /** What happened in the last seconds, of this machine. */
  readonly recent: readonly Transition[]
}

export const Statechart = ({
  chart,
  lit,
  shape,
}: {
  readonly chart: Chart
  readonly lit: Lit
  readonly shape: 'wide' | 'tall'
}) => {
  const drawing = chart[shape]
  const warm = new Set(lit.recent.map(({ from, to }) => `${from} ${to}`))
  const visited = new Set(lit.recent.flatMap(({ from, to }) => [from, to]))
  const current = drawing.states.filter(({ key }) => (lit.counts[key] ?? 0) > 0)
  return (
    <svg
      class={`statechart of-${chart.id}`}
      viewBox={`0 0 ${drawing.width} ${drawing.height}`}
      style={{ maxWidth: `${drawing.width}px` }}
      role="img"
      aria-label={spoken(chart.id, current, lit.counts)}
    >
      <defs>
        {['cold', 'warm', 'next'].map((tone) => (
          <marker
            key={tone}
            id={`head-${chart.id}-${tone}`}
            class={`head ${tone}`}
            viewBox="0 0 8 8"
            refX="7"
            refY="4"
            markerWidth="7"
            markerHeight="7"
            orient="auto"
          >
            <path d="M0 .5 7.5 4 0 7.5z" />
          </marker>
        ))}
      </defs>
      {drawing.arrows.map((arrow) => {
        const isNext = current.some(({ key }) => key === arrow.from)
        const tone = warm.has(`${arrow.from} ${arrow.to}`) ? 'warm' : isNext ? 'next' : 'cold'
        return <Arrow key={`${arrow.from} ${arrow.to}`} id={chart.id} arrow={arrow} tone={tone} />
      })}
      {drawing.states.map((state) => (
        <State
          key={state.key}
          state={state}
          count={lit.counts[state.key] ?? 0}
          isMany={chart.id === 'delivery' || (lit.counts[state.key] ?? 0) > 1}
          wasVisited={visited.has(state.key)}
        />
      ))}
      <Sparks drawing={drawing} fresh={lit.fresh} />
    </svg>
  )
}

const spoken = (id: string, current: readonly DrawnState[], counts: Lit['counts']): string => {
  if (id === 'delivery') {
    const parts = current.map(({ key }) => `${counts[key]} ${stateText(key)}`)
    return `Statechart of the delivery: ${parts.length === 0 ? 'no send is out' : parts.join(', ')}`
  }
  const now = current.map(({ key }) => stateText(key)).join(', ')
  return `Statechart of the ${id}, which is ${now === '' ? 'not running' : now}`
}

const Arrow = ({
  id,
  arrow: { from, to, labels, path },
  tone,
}: {
  readonly id: string
  readonly arrow: DrawnArrow
  readonly tone: 'cold' | 'warm' | 'next'
}) => (
  <g class={`arrow ${tone}`}>
    <path d={path} marker-end={`url(#head-${id}-${tone})`} />
    <path class="hit" d={path}>
      <title>{`${stateText(from)} → ${stateText(to)}\n${labels.join('\n')}`}</title>
    </path>
  </g>
)

const State = ({
  state: { key, kind, waitsOn, x, y, width, height },
  count,
  isMany,
  wasVisited,
}: {
  readonly state: DrawnState
  readonly count: number
  readonly isMany: boolean
  readonly wasVisited: boolean
}) => (
  <g
    class={`state is-${key} ${kind} ${count > 0 ? 'lit' : ''} ${wasVisited ? 'visited' : ''}`}
    transform={`translate(${x} ${y})`}
  >
    <title>
      {waitsOn === null
        ? stateText(key)
        : `${stateText(key)}: waits on ${waitsOn}, until a deadline`}
    </title>
    <rect class="halo" width={width} height={height} rx="11" />
    <rect class="box" width={width} height={height} rx="10" />
    {kind === 'final' ? (
      <rect class="inner" x="3.5" y="3.5" width={width - 7} height={height - 7} rx="7" />
    ) : null}
    {kind === 'initial' ? <circle class="start" cx="11" cy={height / 2} r="3.5" /> : null}
    <text
      class="state-name"
      x={width / 2 + (kind === 'initial' ? 5 : 0)}
      y={height / 2}
      dy=".35em"
      text-anchor="middle"
    >
      {key}
    </text>
    {isMany && count > 0 ? (
      <g class="many" transform={`translate(${width - 2} 2)`}>
        <title>{count}</title>
        <circle r="11" />
        <text class="many-count" dy=".35em" text-anchor="middle">
          {count}
        </text>
      </g>
    ) : null}
  </g>
)

/** A light along each way that was taken since the last look, in the order in which that was. */
const Sparks = ({
  drawing,
  fresh,
}: {
  readonly drawing: Drawing
  readonly fresh: readonly Transition[]
}) => {
  const turn = useRef(0)
  const last = useRef<readonly Transition[]>([])
  if (last.current !== fresh) {
    last.current = fresh
    turn.current += 1
  }
  const ways = [...new Set(fresh.map(({ from, to }) => `${from} ${to}`))]
  return (
    <g class="sparks">
      {ways.map((way, index) => {
        const arrow = drawing.arrows.find(({ from, to }) => `${from} ${to}` === way)
        return arrow === undefined ? null : (
          <circle
            key={`${turn.current} ${way}`}
            class="spark"
            r="5"
            style={{
              offsetPath: `path("${arrow.path}")`,
              animationDelay: `${Math.min(index * 110, 550)}ms`,
            }}
          />
        )
      })}
    </g>
  )
}
