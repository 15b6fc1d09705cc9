/** What has to be seen whatever is looked at. */
import type { Glance, Transition } from '../answers.ts'
import { live } from '../live.ts'
import { linkTo } from '../route.ts'
import { useStore } from '../store.ts'
import { durationText, plural, timeText } from '../words.ts'

/** How long a redirect stays on the page that was in flight too short to be seen. */
const recentMs = 15_000

export const Banners = () => {
  const { glance, connection, transitions } = useStore(live)
  return (
    <div class="banners">
      {connection.kind === 'lost' && connection.failure.kind !== 'unauthorised' ? (
        <div class="banner bad" role="alert">
          <strong>The process does not answer since {timeText(connection.sinceMs)}.</strong>{' '}
          {connection.failure.kind === 'refused'
            ? `It says: ${connection.failure.why}. `
            : 'It may have stopped, or it cannot be reached from here. '}
          {glance === null
            ? 'This page asks again by itself.'
            : `What you see is of ${timeText(glance.at)}; this page asks again by itself.`}
        </div>
      ) : null}
      {glance === null ? null : (
        <>
          <Redirect glance={glance} transitions={transitions} />
          <Paused glance={glance} />
          <Unhealthy glance={glance} />
          {glance.totals.unaccounted === 0 ? null : (
            <div class="banner bad" role="alert">
              <strong>{plural(glance.totals.unaccounted, 'record')} unaccounted for.</strong>{' '}
              Something is wrong with Holdfast or with the disk; the log has more.
            </div>
          )}
        </>
      )}
    </div>
  )
}

const Redirect = ({
  glance,
  transitions,
}: {
  readonly glance: Glance
  readonly transitions: readonly Transition[]
}) => {
  const { endpoint, actors } = glance
  if (actors.some(({ value }) => value === 'redirectInFlight'))
    return (
      <div class="banner redirect">
        <strong>Redirect in flight.</strong> {attemptsText(endpoint.pending)} still out under an
        earlier epoch; each ends by its own answer or deadline. New sends go to{' '}
        <span class="url">{endpoint.url}</span> under epoch {endpoint.epoch}.
      </div>
    )
  const last = lastRedirect(transitions, Date.parse(glance.at))
  return last === undefined ? null : (
    <div class="banner redirect past">
      <strong>A redirect was in flight</strong> until {timeText(last.until)}, for{' '}
      {durationText(last.forMs)}. Records go to <span class="url">{endpoint.url}</span> under epoch{' '}
      {endpoint.epoch}.
    </div>
  )
}

/** How many there are in other services is not known here. */
const attemptsText = (pending: number): string =>
  pending === 0 ? 'Attempts are' : plural(pending, 'attempt')

/** Transitions are newest first. */
const lastRedirect = (
  transitions: readonly Transition[],
  nowMs: number,
): { readonly until: string; readonly forMs: number } | undefined => {
  const left = transitions.find(
    ({ from, machine }) => machine === 'dispatcher' && from === 'redirectInFlight',
  )
  if (left === undefined || nowMs - Date.parse(left.at) > recentMs) return undefined
  const entered = transitions.find(
    ({ to, at, actor }) =>
      actor === left.actor && to === 'redirectInFlight' && Date.parse(at) <= Date.parse(left.at),
  )
  const forMs = entered === undefined ? 0 : Date.parse(left.at) - Date.parse(entered.at)
  return { until: left.at, forMs }
}

const Paused = ({ glance: { dispatch } }: { readonly glance: Glance }) =>
  dispatch?.intent === 'suspend' ? (
    <div class="banner warn">
      <strong>Sending is paused</strong> by an operator. The cache fills meanwhile; a restart
      resumes, or <a href={linkTo('endpoint')}>you do</a>.
    </div>
  ) : null

const Unhealthy = ({ glance: { health } }: { readonly glance: Glance }) => {
  const isFailing = health.live.length > 0
  const reasons = isFailing ? health.live : health.ready
  if (reasons.length === 0) return null
  return (
    <div class={`banner ${isFailing ? 'bad' : 'warn'}`}>
      <strong>{isFailing ? 'Only a restart helps.' : 'Not ready.'}</strong>{' '}
      {reasons.map(({ actor, reason }) => `${actor}: ${reason}`).join('; ')}.
    </div>
  )
}
