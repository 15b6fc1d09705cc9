/** The ring: round once is the whole capacity, oldest first, clockwise from the top. */
import type { Ring, Slot } from '../answers.ts'
import { bytesText, plural } from '../words.ts'

const size = 320
const centre = size / 2
const outer = 150
const inner = 108
/** Between neighbours, in radians. */
const gap = 0.008

export const RingPicture = ({
  ring,
  bytes,
  selected,
  select,
}: {
  readonly ring: Ring
  readonly bytes: number
  readonly selected: number | null
  readonly select: (slot: number | null) => void
}) => {
  const whole = Math.max(ring.capacityBytes, bytes, 1)
  let angle = 0
  const arcs = ring.slots.map((slot) => {
    const from = angle
    angle += (slot.bytes / whole) * 2 * Math.PI
    return { slot, from, to: angle }
  })
  const fill = Math.round((bytes / Math.max(1, ring.capacityBytes)) * 100)
  return (
    <svg
      class="ring"
      viewBox={`0 0 ${size} ${size}`}
      role="img"
      aria-label={`The cache is ${fill} % full: ${bytesText(bytes)} of ${bytesText(ring.capacityBytes)} in ${plural(ring.segmentCount, 'segment')}. The table has each.`}
    >
      <circle
        class="track"
        cx={centre}
        cy={centre}
        r={(outer + inner) / 2}
        stroke-width={outer - inner}
      />
      {arcs.map(({ slot, from, to }) => (
        // The table beside it does the same for the keyboard.
        <path
          key={slot.id}
          class={`slot ${slot.priority ?? 'gone'} ${slot.state} ${slot.batches === 0 ? 'ended' : ''} ${slot.id === selected ? 'selected' : ''}`}
          d={sector({ from, to, inner, outer })}
          onPointerEnter={() => select(slot.id)}
        >
          <title>{slotText(slot)}</title>
        </path>
      ))}
      {arcs
        .filter(({ slot }) => slot.leased > 0)
        .map(({ slot, from, to }) => (
          <path
            key={`leased ${slot.id}`}
            class="leased"
            d={sector({ from, to, inner: inner - 9, outer: inner - 4 })}
          />
        ))}
      {arcs
        .filter(({ slot }) => slot.isNext)
        .map(({ slot, from, to }) => (
          <g key={`next ${slot.id}`} class="next-out">
            <path
              d={sector({
                from,
                to: Math.max(to, from + 0.03),
                inner: inner - 2,
                outer: outer + 4,
              })}
            />
          </g>
        ))}
      <path class="seam" d={`M${centre} ${centre - outer - 6}V${centre - inner + 6}`} />
      <text class="ring-fill" x={centre} y={centre - 4} text-anchor="middle">
        {fill} %
      </text>
      <text class="ring-note" x={centre} y={centre + 22} text-anchor="middle">
        {bytesText(bytes)} of {bytesText(ring.capacityBytes)}
      </text>
      <text class="ring-note" x={centre} y={centre + 42} text-anchor="middle">
        {plural(ring.segmentCount, 'segment')}
      </text>
    </svg>
  )
}

export const slotText = ({ id, segments, priority, bytes, batches, leased, state }: Slot): string =>
  [
    segments === 1 ? `Segment ${id}` : `Segments from ${id}, ${segments} of them`,
    priority === null ? 'leaving' : `class ${priority}`,
    bytesText(bytes),
    batches === 0 ? 'all in it has ended' : `${plural(batches, 'batch', 'batches')} held`,
    ...(leased > 0 ? [`${leased} on their way`] : []),
    ...(state === 'open' ? ['being written'] : []),
  ].join(', ')

const sector = (of: {
  readonly from: number
  readonly to: number
  readonly inner: number
  readonly outer: number
}): string => {
  const from = of.from + Math.min(gap, (of.to - of.from) / 4)
  // A whole round would begin where it ends, and be nothing.
  const to = Math.min(of.to - Math.min(gap, (of.to - of.from) / 4), of.from + 2 * Math.PI - 0.001)
  const large = to - from > Math.PI ? 1 : 0
  return `M${point(from, of.outer)}A${of.outer} ${of.outer} 0 ${large} 1 ${point(to, of.outer)}L${point(to, of.inner)}A${of.inner} ${of.inner} 0 ${large} 0 ${point(from, of.inner)}Z`
}

const point = (angle: number, radius: number): string =>
  `${(centre + Math.sin(angle) * radius).toFixed(2)} ${(centre - Math.cos(angle) * radius).toFixed(2)}`
