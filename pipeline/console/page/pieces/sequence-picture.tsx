/** Messages as arrows between lanes, the newest at the bottom; each opens what it is a part of. */
import { useLayoutEffect, useRef } from 'preact/hooks'
import { type Arrow, type Lane, laneKey, lanesOf } from '../../../inspection/joined-sequence.ts'
import { linkTo } from '../route.ts'
import { momentText, stateText } from '../words.ts'

export const SequencePicture = ({
  arrows,
  chosen,
  mode,
  choose,
}: {
  readonly arrows: readonly Arrow[]
  readonly chosen: string | undefined
  /** `live`: what is newest stays in sight. */
  readonly mode: 'live' | 'held'
  readonly choose: () => void
}) => {
  const box = useRef<HTMLElement>(null)
  const lanes = lanesOf(arrows)
  useLayoutEffect(() => {
    const { current } = box
    if (current !== null && mode === 'live') current.scrollTop = current.scrollHeight
  }, [arrows, mode])
  return (
    <section class="sequence-box" aria-label="Messages between the actors" ref={box}>
      <div class="sequence" style={{ '--lanes': lanes.length }}>
        <ol class="lanes" aria-hidden="true">
          {lanes.map((lane) => (
            <li key={laneKey(lane)} class={`lane of-${lane.name}`}>
              <span>{lane.name}</span>
            </li>
          ))}
        </ol>
        <div class="lifelines" aria-hidden="true">
          {lanes.map((lane) => (
            <span key={laneKey(lane)} />
          ))}
        </div>
        <ol class="arrows">
          {arrows.map((arrow) => (
            <Row
              key={`${arrow.producer} ${arrow.number}`}
              arrow={arrow}
              lanes={lanes}
              isChosen={arrow.messageId === chosen}
              choose={choose}
            />
          ))}
        </ol>
      </div>
    </section>
  )
}

const Row = ({
  arrow,
  lanes,
  isChosen,
  choose,
}: {
  readonly arrow: Arrow
  readonly lanes: readonly Lane[]
  readonly isChosen: boolean
  readonly choose: () => void
}) => {
  const { atMs, from, to, message, messageId, change } = arrow
  const indexOf = (lane: Lane): number => lanes.findIndex((it) => laneKey(it) === laneKey(lane))
  const target = indexOf(to)
  const source = from === null ? -0.5 : indexOf(from)
  const shape = { '--from': Math.min(source, target), '--to': Math.max(source, target) }
  return (
    <li class={`step ${toneOf(arrow)} ${isChosen ? 'chosen' : ''}`}>
      <a
        href={linkTo('sequence', { of: messageId })}
        onClick={choose}
        aria-current={isChosen ? 'true' : undefined}
      >
        <span class="step-time">{momentText(atMs)}</span>
        <span class="step-ends">
          {from === null ? 'outside' : from.name} <span aria-hidden="true">→</span>
          <span class="hidden"> to </span> {to.name}
          <span class="hidden">: </span>
        </span>
        <span class="track" style={{ ...shape, '--at': target }}>
          <span class={`shaft ${wayOf({ source, target, last: lanes.length - 1 })}`}>
            <span class="what">{message}</span>
          </span>
          {change === null ? null : (
            <span class="turn">
              <span class="hidden">: from </span>
              {stateText(change.from)} <span aria-hidden="true">→</span>
              <span class="hidden"> to </span> {stateText(change.to)}
            </span>
          )}
        </span>
      </a>
    </li>
  )
}

const toneOf = ({ message, change }: Arrow): string => {
  if (change?.to === 'redirectInFlight' || change?.from === 'redirectInFlight') return 'redirect'
  if (message.startsWith('endpoint.')) return 'redirect'
  return change === null ? 'plain' : 'turns'
}

const wayOf = (given: {
  readonly source: number
  readonly target: number
  readonly last: number
}): string => {
  const { source, target, last } = given
  if (source === target) return target === last && last > 0 ? 'own leftwards' : 'own'
  if (source < 0) return 'right outside'
  return source < target ? 'right' : 'left'
}
