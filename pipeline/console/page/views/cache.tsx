import type { Glance, Ring, RingSummary, Rings } from '../answers.ts'
import { live } from '../live.ts'
import { Card } from '../pieces/card.tsx'
import { Empty, Failed } from '../pieces/failed.tsx'
import { RingDetail } from '../pieces/ring-detail.tsx'
import { RingTiles } from '../pieces/ring-tiles.tsx'
import { usePolled } from '../polled.ts'
import { restate, usePlace } from '../route.ts'
import { useStore } from '../store.ts'
import { cacheText } from '../words.ts'

export const Cache = () => {
  const { glance } = useStore(live)
  const { value, failure } = usePolled<Rings>('/api/v1/rings', {}, 1_000)
  if (glance === null) return null
  return (
    <>
      <Failed failure={failure} />
      {value === undefined ? null : <Found {...value} glance={glance} />}
    </>
  )
}

const Found = ({ rings, missing, glance }: Rings & { readonly glance: Glance }) => {
  const { of } = usePlace().parameters
  const [first, ...others] = rings
  if (first === undefined) return <None missing={missing} glance={glance} />
  if (others.length === 0 && missing.length === 0 && first.place === 'here')
    return <Segments summary={first} bytes={glance.cache.bytes} glance={glance} title="The ring" />
  const chosen =
    rings.find(({ cache }) => cache === of) ?? rings.find(({ place }) => place === 'here')
  return (
    <div class="stack-of-rings">
      <Card
        title="The rings"
        kind="wide"
        aside={<span class="muted">{ofWhom(rings, glance)}</span>}
      >
        <RingTiles
          rings={rings}
          missing={missing}
          chosen={chosen?.cache ?? null}
          choose={(cache) => restate({ of: cache })}
          at={glance.at}
        />
      </Card>
      {chosen === undefined ? null : chosen.place === 'elsewhere' ? (
        <p class="elsewhere">
          {cacheText(chosen.cache)} is held by <code>{chosen.service}</code>: the console of that
          service shows each of its segments.
        </p>
      ) : (
        <Segments
          key={chosen.cache}
          summary={chosen}
          bytes={chosen.bytes}
          glance={glance}
          title={cacheText(chosen.cache)}
        />
      )}
    </div>
  )
}

const ofWhom = (rings: readonly RingSummary[], { keepsAccount }: Glance): string => {
  if (keepsAccount === 'elsewhere') return 'of this service; the console of the auditor has all'
  const services = new Set(rings.map(({ service }) => service)).size
  return services === 1 ? 'of all shards' : `of all shards, held by ${services} services`
}

const None = ({
  missing,
  glance,
}: {
  readonly missing: readonly string[]
  readonly glance: Glance
}) => {
  if (missing.length > 0)
    return (
      <Empty title="No service holds a cache.">
        None has been heard of yet: start one with the role cache. What clients are promised until
        then waits in Kafka.
      </Empty>
    )
  return glance.keepsAccount === 'here' ? (
    <Empty title="The cache has stopped." />
  ) : (
    <Empty title="This service holds no cache now.">
      Others have the shards, or it stands by to take them over. The console of the auditor shows
      all of them.
    </Empty>
  )
}

/** Of a ring that this process holds. */
const Segments = ({
  summary,
  bytes,
  glance,
  title,
}: {
  readonly summary: RingSummary
  readonly bytes: number
  readonly glance: Glance
  readonly title: string
}) => {
  const { cache } = summary
  const { value, failure } = usePolled<{ readonly ring: Ring | null }>(
    '/api/v1/ring',
    { cache },
    1_000,
  )
  return (
    <>
      <Failed failure={failure} />
      {value?.ring ? (
        <RingDetail
          ring={value.ring}
          title={title}
          bytes={bytes}
          at={glance.at}
          forecast={cache === 'cache' ? 'shown' : 'unknown'}
        />
      ) : null}
    </>
  )
}
