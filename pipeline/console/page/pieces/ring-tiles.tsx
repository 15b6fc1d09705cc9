/** The rings of several shards beside each other: how full each is, of what, and who holds it. */
import type { Priority, RingSummary } from '../answers.ts'
import { ageText, agoText, bytesText, cacheText, plural } from '../words.ts'

const size = 72
const radius = 28
const around = 2 * Math.PI * radius

export const RingTiles = ({
  rings,
  missing,
  chosen,
  choose,
  at,
}: {
  readonly rings: readonly RingSummary[]
  readonly missing: readonly string[]
  readonly chosen: string | null
  readonly choose: (cache: string) => void
  /** Now, by the clock of the process. */
  readonly at: string
}) => (
  <>
    <ul class="ring-tiles">
      {rings.map((ring) => (
        <li key={ring.cache}>
          <button
            type="button"
            class="ring-tile"
            aria-pressed={ring.cache === chosen}
            onClick={() => choose(ring.cache)}
          >
            <SmallRing ring={ring} />
            <span class="ring-tile-facts">
              <b>{cacheText(ring.cache)}</b>
              <span>
                {bytesText(ring.bytes)} of {bytesText(ring.capacityBytes)}
              </span>
              <span class="muted">{heldText(ring, Date.parse(at))}</span>
              <span class="muted ring-tile-service" title={ring.service}>
                {ring.place === 'here' ? 'here' : ring.service}
              </span>
              <Silence ring={ring} at={at} />
            </span>
          </button>
        </li>
      ))}
      {missing.map((cache) => (
        <li key={cache} class="ring-tile missing">
          <span class="ring-tile-facts">
            <b>{cacheText(cache)}</b>
            <span>No service has been heard to hold it.</span>
          </span>
        </li>
      ))}
    </ul>
    <ul class="legend">
      {classes.map((name) => (
        <li key={name}>
          <span class={`key class-${name}`} aria-hidden="true" /> {name}
        </li>
      ))}
    </ul>
  </>
)

const classes: readonly Priority[] = ['high', 'normal', 'low']

const heldText = ({ classes, oldest }: RingSummary, nowMs: number): string => {
  const batches = classes.reduce((sum, it) => sum + it.batches, 0)
  if (batches === 0) return 'all has ended'
  const held = plural(batches, 'batch', 'batches')
  return oldest === null ? held : `${held}, oldest ${ageText(oldest, nowMs)}`
}

/** A service says so every second; one that has not for a while may be gone, and its ring with it. */
const silentMs = 5_000
const Silence = ({ ring, at }: { readonly ring: RingSummary; readonly at: string }) => {
  const nowMs = Date.parse(at)
  return ring.place === 'elsewhere' && nowMs - Date.parse(ring.at) > silentMs ? (
    <span class="ring-tile-silent">last heard of {agoText(ring.at, nowMs)}</span>
  ) : null
}

/** Its classes one after the other, from the top. */
const SmallRing = ({ ring }: { readonly ring: RingSummary }) => {
  const whole = Math.max(ring.capacityBytes, ring.bytes, 1)
  let from = 0
  const arcs = ring.classes.map(({ priority, bytes }) => {
    const arc = { priority, from, length: (bytes / whole) * around }
    from += arc.length
    return arc
  })
  const fill = Math.round((ring.bytes / Math.max(1, ring.capacityBytes)) * 100)
  return (
    <svg class="small-ring" viewBox={`0 0 ${size} ${size}`} aria-hidden="true">
      <circle class="track" cx={size / 2} cy={size / 2} r={radius} />
      {arcs
        .filter(({ length }) => length > 0)
        .map((arc) => (
          <circle
            key={arc.priority}
            class={`arc ${arc.priority}`}
            cx={size / 2}
            cy={size / 2}
            r={radius}
            stroke-dasharray={`${arc.length} ${around}`}
            stroke-dashoffset={-arc.from}
            transform={`rotate(-90 ${size / 2} ${size / 2})`}
          />
        ))}
      <text x={size / 2} y={size / 2 + 5} text-anchor="middle">
        {fill} %
      </text>
    </svg>
  )
}
