/** One ring with each of its segments. */
import { useState } from 'preact/hooks'
import type { Priority, Ring, Slot } from '../answers.ts'
import { live } from '../live.ts'
import { useStore } from '../store.ts'
import { agoText, bytesText, count, durationText, plural } from '../words.ts'
import { Card } from './card.tsx'
import { Empty } from './failed.tsx'
import { RingPicture, slotText } from './ring-picture.tsx'
import { ScrollBox } from './scroll-box.tsx'

const classes: readonly Priority[] = ['high', 'normal', 'low']

export const RingDetail = ({
  ring,
  title,
  bytes,
  at,
  forecast,
}: {
  readonly ring: Ring
  readonly title: string
  readonly bytes: number
  /** Now, by the clock of the process. */
  readonly at: string
  /** When it is full is known of all that is held, and not of one ring among several. */
  readonly forecast: 'shown' | 'unknown'
}) => {
  const [selected, setSelected] = useState<number | null>(null)
  return (
    <div class="grid cache">
      <Card
        title={title}
        kind="ring-card"
        aside={<span class="muted">oldest first, clockwise</span>}
      >
        <RingPicture ring={ring} bytes={bytes} selected={selected} select={setSelected} />
        <Legend />
        <p class="slot-text">{selectedText(ring, selected)}</p>
      </Card>
      <div class="stack-of-cards">
        <Card title="By class">
          <Classes ring={ring} />
        </Card>
        <Card title="What would go next">
          <NextOut ring={ring} bytes={bytes} forecast={forecast} />
        </Card>
      </div>
      <Card title="Segments" kind="wide" aside={<span class="muted">oldest first</span>}>
        <Segments ring={ring} at={at} selected={selected} select={setSelected} />
      </Card>
    </div>
  )
}

const Legend = () => (
  <ul class="legend ring-legend">
    {classes.map((name) => (
      <li key={name}>
        <span class={`key class-${name}`} aria-hidden="true" /> {name}
      </li>
    ))}
    <li>
      <span class="key ended" aria-hidden="true" /> all ended
    </li>
    <li>
      <span class="key leased-key" aria-hidden="true" /> being sent
    </li>
    <li>
      <span class="key next-key" aria-hidden="true" /> goes next
    </li>
  </ul>
)

const selectedText = ({ slots }: Ring, selected: number | null): string => {
  const slot = slots.find(({ id }) => id === selected)
  if (slot !== undefined) return `${slotText(slot)}.`
  return slots.length === 0
    ? 'Nothing is on disk: what comes in is held here until it is delivered.'
    : 'Point at a segment, or go through the table.'
}

const Classes = ({ ring }: { readonly ring: Ring }) => (
  <ul class="classes">
    {classes.map((name) => {
      const slots = ring.slots.filter(({ priority }) => priority === name)
      const bytes = slots.reduce((sum, it) => sum + it.bytes, 0)
      const batches = slots.reduce((sum, it) => sum + it.batches, 0)
      return (
        <li key={name}>
          <p>
            <span class={`key class-${name}`} aria-hidden="true" /> <b>{name}</b>
            <span class="spread" />
            {bytesText(bytes)}
          </p>
          <span class="meter" aria-hidden="true">
            <span
              class={`class-${name}`}
              style={{
                width: `${Math.min(100, (bytes / Math.max(1, ring.capacityBytes)) * 100)}%`,
              }}
            />
          </span>
          <p class="muted">{plural(batches, 'batch', 'batches')} held</p>
        </li>
      )
    })}
  </ul>
)

const NextOut = ({
  ring,
  bytes,
  forecast,
}: {
  readonly ring: Ring
  readonly bytes: number
  readonly forecast: 'shown' | 'unknown'
}) => {
  if (ring.whenFull === 'refuse')
    return <p>Nothing: when it is full, clients are refused and keep their records.</p>
  const next = ring.slots.find(({ isNext }) => isNext)
  if (next === undefined)
    return (
      <p>
        {ring.slots.length === 0
          ? 'Nothing: nothing is on disk.'
          : 'Nothing now: of each segment something is being sent, and that is passed over.'}
      </p>
    )
  const free = Math.max(0, ring.capacityBytes - bytes)
  return (
    <>
      <p>
        <b>Segment {next.id}</b>, {`class ${next.priority}: `}
        {next.batches === 0
          ? 'all in it has ended, so nothing would be lost.'
          : `${plural(next.batches, 'batch', 'batches')} would be lost, each range in a drop event first.`}
      </p>
      <p class="muted">
        Not before {bytesText(free)} more have come in. The lowest class goes first, then the
        oldest; what is being sent is passed over.
      </p>
      {forecast === 'shown' ? <Forecast free={free} /> : null}
    </>
  )
}

/** At the pace of the last minute; only where it grows. */
const Forecast = ({ free }: { readonly free: number }) => {
  const { samples } = useStore(live)
  const recent = samples.slice(-60)
  const [first, last] = [recent[0], recent.at(-1)]
  if (first === undefined || last === undefined || last.atMs - first.atMs < 10_000) return null
  const perMs = (last.bytes - first.bytes) / (last.atMs - first.atMs)
  if (perMs <= 0 || free === 0) return null
  return (
    <p class="muted">
      At the pace of the last minute it is full in about <b>{durationText(free / perMs)}</b>.
    </p>
  )
}

const Segments = ({
  ring,
  at,
  selected,
  select,
}: {
  readonly ring: Ring
  readonly at: string
  readonly selected: number | null
  readonly select: (id: number | null) => void
}) =>
  ring.slots.length === 0 ? (
    <Empty title="No segment is on disk." />
  ) : (
    <ScrollBox label="Segments">
      <table class="table">
        <thead>
          <tr>
            <th scope="col">Segment</th>
            <th scope="col">Class</th>
            <th scope="col" class="number">
              Size
            </th>
            <th scope="col" class="number">
              Batches held
            </th>
            <th scope="col" class="number">
              Being sent
            </th>
            <th scope="col">Oldest</th>
            <th scope="col">State</th>
          </tr>
        </thead>
        <tbody>
          {ring.slots.map((slot) => (
            <tr
              key={slot.id}
              class={slot.id === selected ? 'selected' : ''}
              onPointerEnter={() => select(slot.id)}
            >
              <th scope="row">
                {slot.id}
                {slot.segments > 1 ? ` and ${slot.segments - 1} more` : ''}
              </th>
              <td>
                <span class={`key class-${slot.priority ?? 'gone'}`} aria-hidden="true" />{' '}
                {slot.priority ?? '–'}
              </td>
              <td class="number">{bytesText(slot.bytes)}</td>
              <td class="number">{count(slot.batches)}</td>
              <td class="number">{count(slot.leased)}</td>
              <td>{slot.oldest === null ? '–' : agoText(slot.oldest, Date.parse(at))}</td>
              <td>{stateOf(slot)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollBox>
  )

const stateOf = ({ state, isNext, batches }: Slot) => {
  if (isNext) return <span class="tag next-tag">goes next</span>
  if (state === 'leaving') return 'leaving'
  if (batches === 0) return 'all ended'
  return state === 'open' ? 'being written' : 'closed'
}
