import { useState } from 'preact/hooks'
import type { Assignment, Endpoint, Glance } from '../answers.ts'
import { post, put } from '../client.ts'
import { live } from '../live.ts'
import { Card } from '../pieces/card.tsx'
import { CommandDialog } from '../pieces/command-dialog.tsx'
import { Empty, Failed } from '../pieces/failed.tsx'
import { Icon } from '../pieces/icon.tsx'
import { usePolled } from '../polled.ts'
import { useStore } from '../store.ts'
import { count, durationText, instantText, sinceText, stateText } from '../words.ts'

type Asked = 'none' | 'redirect' | 'pin' | 'unpin' | 'suspend' | 'resume'

export const EndpointView = () => {
  const { glance } = useStore(live)
  const { value, failure, again } = usePolled<Endpoint>('/api/v1/endpoint', {}, 2_000)
  const [asked, setAsked] = useState<Asked>('none')
  if (glance === null) return null
  return (
    <div class="grid endpoint">
      <Card title="Now" kind="wide">
        <Now glance={glance} ask={setAsked} />
      </Card>
      <Card
        title="History"
        kind="wide"
        aside={<span class="muted">the last 100 epochs, newest first</span>}
      >
        <Failed failure={failure} />
        {value === undefined ? null : (
          <History history={value.history} nowMs={Date.parse(glance.at)} />
        )}
      </Card>
      <Commands asked={asked} glance={glance} close={() => setAsked('none')} given={again} />
    </div>
  )
}

const Now = ({
  glance,
  ask,
}: {
  readonly glance: Glance
  readonly ask: (asked: Asked) => void
}) => {
  const { endpoint, dispatch } = glance
  const isPaused = dispatch?.intent === 'suspend'
  return (
    <div class="now">
      <div class="now-facts">
        <p class="now-url">{endpoint.url ?? 'No endpoint is assigned'}</p>
        <p class="tags">
          <span class="tag">epoch {endpoint.epoch ?? '–'}</span>
          <span class={`tag is-${endpoint.state}`}>{stateText(endpoint.state)}</span>
          {endpoint.pinned && endpoint.state !== 'pinned' ? <span class="tag">pinned</span> : null}
          {isPaused ? <span class="tag warn">sending is paused</span> : null}
          {endpoint.pending > 0 ? (
            <span class="tag redirect">{endpoint.pending} still out under an earlier epoch</span>
          ) : null}
        </p>
        <p class="muted">{sendingText(glance)}</p>
      </div>
      <div class="now-acts">
        <button type="button" class="button primary" onClick={() => ask('redirect')}>
          <Icon name="arrow" /> Redirect…
        </button>
        <button type="button" class="button" onClick={() => ask(endpoint.pinned ? 'unpin' : 'pin')}>
          <Icon name="pin" /> {endpoint.pinned ? 'Unpin…' : 'Pin…'}
        </button>
        <button type="button" class="button" onClick={() => ask(isPaused ? 'resume' : 'suspend')}>
          <Icon name={isPaused ? 'play' : 'pause'} />{' '}
          {isPaused ? 'Resume sending…' : 'Pause sending…'}
        </button>
      </div>
    </div>
  )
}

const sendingText = ({ dispatch, at }: Glance): string => {
  if (dispatch === null) return 'The dispatcher has stopped.'
  const { sends, failures, retryAt } = dispatch
  const out = `${sends} ${sends === 1 ? 'send is' : 'sends are'} out`
  const failing = failures === 0 ? '' : `, ${failures} failed in a row`
  const next =
    retryAt === null
      ? ''
      : `, tried again in ${durationText(Math.max(0, Date.parse(retryAt) - Date.parse(at)))}`
  return `${out}${failing}${next}.`
}

const byTexts: Readonly<Record<Assignment['by'], string>> = {
  configuration: 'by the configuration',
  operator: 'by an operator',
  redirect: 'by a redirect of the endpoint',
  rollback: 'rolled back',
}

const shownFirst = 15

const History = ({
  history,
  nowMs,
}: {
  readonly history: readonly Assignment[]
  readonly nowMs: number
}) => {
  const [shown, setShown] = useState<'newest' | 'all'>('newest')
  if (history.length === 0) return <Empty title="No endpoint was ever assigned." />
  const newestFirst = history
    .map((assignment, index) => ({ assignment, next: history[index + 1] }))
    .toReversed()
  const more = newestFirst.length - shownFirst
  return (
    <>
      <ol class="history">
        {(shown === 'all' ? newestFirst : newestFirst.slice(0, shownFirst)).map(
          ({ assignment, next }) => (
            <Epoch key={assignment.epoch} assignment={assignment} next={next} nowMs={nowMs} />
          ),
        )}
      </ol>
      {more > 0 && shown === 'newest' ? (
        <button type="button" class="button" onClick={() => setShown('all')}>
          Show {count(more)} more
        </button>
      ) : null}
    </>
  )
}

const Epoch = ({
  assignment: { epoch, url, by, reason, at },
  next,
  nowMs,
}: {
  readonly assignment: Assignment
  readonly next: Assignment | undefined
  readonly nowMs: number
}) => (
  <li class={`by-${by} ${next === undefined ? 'current' : ''}`}>
    <span class="history-epoch">
      <span class="hidden">Epoch </span>
      {epoch}
    </span>
    <div>
      <p class="url">{url}</p>
      <p class="muted">
        {byTexts[by]}: {reason}
      </p>
    </div>
    <p class="history-when">
      <time dateTime={at}>{instantText(at)}</time>
      <span class="muted">
        {next === undefined
          ? sinceText(at, nowMs)
          : `for ${durationText(Date.parse(next.at) - Date.parse(at))}`}
      </span>
    </p>
  </li>
)

const Commands = ({
  asked,
  glance,
  close,
  given,
}: {
  readonly asked: Asked
  readonly glance: Glance
  readonly close: () => void
  readonly given: () => void
}) => {
  const { url } = glance.endpoint
  const shared = { close, given }
  const withReason = (reason: string): object => (reason === '' ? {} : { reason })
  switch (asked) {
    case 'none':
      return null
    case 'redirect':
      return <RedirectDialog url={url ?? ''} {...shared} />
    case 'pin':
      return (
        <CommandDialog
          {...shared}
          title="Pin this endpoint?"
          act="Pin it"
          give={(reason) => post('/api/v1/endpoint/pin', withReason(reason))}
        >
          <p>
            Redirects are refused and nothing is rolled back until it is unpinned, also over
            restarts. You can still redirect it yourself.
          </p>
          <p class="url">{url}</p>
        </CommandDialog>
      )
    case 'unpin':
      return (
        <CommandDialog
          {...shared}
          title="Unpin this endpoint?"
          act="Unpin it"
          give={(reason) => post('/api/v1/endpoint/unpin', withReason(reason))}
        >
          <p>Redirects are followed again, and a new endpoint that fails is rolled back.</p>
          <p class="url">{url}</p>
        </CommandDialog>
      )
    case 'suspend':
      return (
        <CommandDialog
          {...shared}
          title="Pause sending?"
          act="Pause sending"
          tone="danger"
          give={(reason) => post('/api/v1/dispatch/suspend', withReason(reason))}
        >
          <p>
            No new sends; what is out ends by itself. The cache fills meanwhile, and gives up
            records when it is full. A restart resumes.
          </p>
        </CommandDialog>
      )
    case 'resume':
      return (
        <CommandDialog
          {...shared}
          title="Resume sending?"
          act="Resume sending"
          give={(reason) => post('/api/v1/dispatch/resume', withReason(reason))}
        >
          <p>What is held is sent on, oldest first.</p>
        </CommandDialog>
      )
  }
}

const RedirectDialog = ({
  url,
  close,
  given,
}: {
  readonly url: string
  readonly close: () => void
  readonly given: () => void
}) => {
  const [to, setTo] = useState('')
  return (
    <CommandDialog
      title="Redirect"
      act="Redirect"
      close={close}
      given={given}
      isReady={to !== ''}
      give={(reason) => put('/api/v1/endpoint', { url: to, ...(reason === '' ? {} : { reason }) })}
    >
      <p>
        New sends go there under the next epoch. What is in flight ends by its own answer or
        deadline; nothing is lost or forgotten by it.
      </p>
      <p class="muted">
        Now: <span class="url">{url}</span>
      </p>
      <label class="field">
        <span>New endpoint</span>
        <input
          type="url"
          required
          placeholder="https://logs.example.com"
          value={to}
          onInput={({ currentTarget }) => setTo(currentTarget.value)}
        />
      </label>
    </CommandDialog>
  )
}
