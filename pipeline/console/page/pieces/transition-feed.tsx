import type { Transition } from '../answers.ts'
import { timeText } from '../words.ts'
import { Empty } from './failed.tsx'
import { ScrollBox } from './scroll-box.tsx'

/** Changes of state, newest first; what follows one another the same way is one row. */
export const TransitionFeed = ({
  transitions,
  rowsMax,
}: {
  readonly transitions: readonly Transition[]
  readonly rowsMax: number
}) => {
  const rows = folded(transitions, rowsMax)
  if (rows.length === 0) return <Empty title="Nothing has happened yet." />
  return (
    <ScrollBox label="Changes of state" kind="feed-box">
      <ol class="feed">
        {rows.map(({ transition: { at, machine, from, to, message }, times }) => (
          <li
            key={`${at} ${machine} ${from} ${to}`}
            class={to === 'redirectInFlight' ? 'is-redirect' : ''}
          >
            <time dateTime={at}>{timeText(at)}</time>
            <span class="feed-what">
              <b>{machine}</b> {from} <span aria-hidden="true">→</span>
              <span class="hidden"> to </span> <span class="feed-to">{to}</span>
              {times > 1 ? <span class="times">×{times}</span> : null}
            </span>
            <span class="feed-why">{message}</span>
          </li>
        ))}
      </ol>
    </ScrollBox>
  )
}

type Row = { readonly transition: Transition; readonly times: number }

/** Within one second, the same step of the same machine is said once. */
const folded = (transitions: readonly Transition[], rowsMax: number): readonly Row[] => {
  const rows = new Map<string, Row>()
  for (const transition of transitions) {
    const { at, machine, from, to } = transition
    const key = `${timeText(at)} ${machine} ${from} ${to}`
    const row = rows.get(key)
    if (row !== undefined) rows.set(key, { ...row, times: row.times + 1 })
    else if (rows.size < rowsMax) rows.set(key, { transition, times: 1 })
  }
  return [...rows.values()]
}
