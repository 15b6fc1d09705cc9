import type { ComponentType } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'
import { live } from './live.ts'
import { Banners } from './pieces/banners.tsx'
import { NoAccount } from './pieces/failed.tsx'
import { Header } from './pieces/header.tsx'
import { Navigation } from './pieces/navigation.tsx'
import { TokenGate } from './pieces/token-gate.tsx'
import { usePlace, type View } from './route.ts'
import { useStore } from './store.ts'
import { Actors } from './views/actors.tsx'
import { Cache } from './views/cache.tsx'
import { CompletenessView } from './views/completeness.tsx'
import { EndpointView } from './views/endpoint.tsx'
import { Losses } from './views/losses.tsx'
import { Overview } from './views/overview.tsx'
import { SequenceView } from './views/sequence.tsx'
import { Streams } from './views/streams.tsx'

type Shown = {
  readonly title: string
  readonly lead: string
  readonly content: ComponentType
}
const shown: Readonly<Record<View, Shown>> = {
  overview: {
    title: 'Overview',
    lead: 'Every record that was accepted is delivered, held, or its loss is an event.',
    content: Overview,
  },
  actors: {
    title: 'Actors',
    lead: 'The statecharts that run here, as they are: drawn from the machines themselves.',
    content: Actors,
  },
  sequence: {
    title: 'Sequence',
    lead: 'Who tells whom what, as it happens, and what each message leads to.',
    content: SequenceView,
  },
  cache: {
    title: 'Cache',
    lead: 'What is held on disk, by age and class, and what would be given up next.',
    content: Cache,
  },
  losses: {
    title: 'Losses',
    lead: 'Each loss is an event with exact ranges. What is not here was not lost.',
    content: Losses,
  },
  completeness: {
    title: 'Completeness',
    lead: 'Hour by hour, whether all records of that time have come to a good end.',
    content: CompletenessView,
  },
  endpoint: {
    title: 'Endpoint',
    lead: 'Where records go, since when, and on whose word.',
    content: EndpointView,
  },
  streams: {
    title: 'Streams',
    lead: 'The account per tenant and service.',
    content: Streams,
  },
}

const ofTheAccount: ReadonlySet<View> = new Set(['losses', 'completeness', 'streams'])

export const App = () => {
  const { view } = usePlace()
  const { glance, connection } = useStore(live)
  const main = useRef<HTMLElement>(null)
  const isFirst = useRef(true)
  const { title, lead, content: Content } = shown[view]

  // At once: later it would take the focus from whoever has gone on meanwhile.
  useLayoutEffect(() => {
    document.title = `${title} · Holdfast`
    if (isFirst.current) isFirst.current = false
    else {
      main.current?.focus({ preventScroll: true })
      scrollTo({ top: 0 })
    }
  }, [title])

  const isLocked = connection.kind === 'lost' && connection.failure.kind === 'unauthorised'
  if (isLocked && glance === null) return <TokenGate />
  return (
    <div class="shell">
      <a class="skip" href={`#/${view}`} onClick={() => main.current?.focus()}>
        Skip to the content
      </a>
      <Header />
      <Navigation view={view} />
      <main class="main" id="main" tabIndex={-1} ref={main} aria-labelledby="view-title">
        <div class="view-head">
          <h1 id="view-title">{title}</h1>
          <p>{lead}</p>
        </div>
        <Banners />
        {glance === null ? (
          <Waiting />
        ) : ofTheAccount.has(view) && glance.keepsAccount === 'elsewhere' ? (
          <NoAccount />
        ) : (
          <Content />
        )}
      </main>
      {isLocked ? <TokenGate /> : null}
    </div>
  )
}

const Waiting = () => {
  const { connection } = useStore(live)
  return connection.kind === 'lost' ? null : (
    <div class="waiting" role="status">
      <span class="spinner" aria-hidden="true" />
      Asking the process…
    </div>
  )
}
