/** The actors with their states, and the endpoint with its past. */
import { titleWidth } from './account-pane.ts'
import { type Line, type Look, padEnd, padStart, type Span, span, textWidth } from './line.ts'
import { ageText, clockText, countText } from './quantity.ts'
import type { Sample } from './sample.ts'

/** What should be seen from across the room: attempts are out under an epoch that is over. */
const alarming: readonly string[] = ['redirectInFlight', 'stalled', 'failing']
const unwell: readonly string[] = [
  'backingOff',
  'suspecting',
  'recovering',
  'suspended',
  'probation',
]
const stateWidth = 20
const ageWidth = 8

const order = ['collector', 'cache', 'dispatcher', 'endpoint-manager', 'sentinel']
type Actor = Sample['actors'][number]

export const actorPane = ({ actors, atMs }: Sample): readonly Line[] => {
  const lasting = actors
    .filter(({ machine }) => machine !== 'delivery')
    .sort((one, other) => order.indexOf(one.machine) - order.indexOf(other.machine))
  const nameWidth = Math.max(17, ...lasting.map(({ id }) => textWidth(id) + 2))
  const head = `${padEnd('ACTORS', nameWidth)}${padEnd('STATE', stateWidth)}${padStart('SINCE', ageWidth)}`
  return [
    [span(head, 'head')],
    ...lasting.map((actor): Line => {
      const look = lookOf(actor)
      const ageMs = Math.max(0, atMs - Date.parse(actor.since))
      const state = look === 'alarm' ? ` ${actor.value} ` : actor.value
      return [
        span(padEnd(actor.id, nameWidth)),
        span(state, look),
        span(' '.repeat(Math.max(1, stateWidth - textWidth(state)))),
        span(padStart(ageText(ageMs), ageWidth), 'dim'),
        span(`  ${actor.detail}`, actor.healthy ? 'dim' : 'red'),
      ]
    }),
    sends(actors, nameWidth),
  ]
}

const lookOf = ({ value, healthy }: Actor): Look => {
  if (alarming.includes(value)) return 'alarm'
  if (!healthy) return 'red'
  return unwell.includes(value) ? 'yellow' : 'green'
}

/** All sends in one line: there may be a thousand. */
const sends = (actors: readonly Actor[], nameWidth: number): Line => {
  const counts = new Map<string, number>()
  for (const { machine, value } of actors)
    if (machine === 'delivery') counts.set(value, (counts.get(value) ?? 0) + 1)
  const text = [...counts].map(([value, count]) => `${count} ${value}`).join(', ')
  const name = span(padEnd('deliveries', nameWidth))
  return text === '' ? [name, span('none', 'dim')] : [name, span(text)]
}

export const endpointLine = ({ endpoint }: Sample): Line => {
  const { url, epoch, state, pinned, pending } = endpoint
  const look: Look = state === 'active' || state === 'pinned' ? 'green' : 'yellow'
  const out: readonly Span[] =
    pending === 0
      ? []
      : [span('  '), span(` ${countText(pending)} out under an earlier epoch `, 'alarm')]
  return [
    span(padEnd('ENDPOINT', titleWidth), 'head'),
    span(`epoch ${epoch ?? '-'}`, 'bold'),
    span('  '),
    span(state, look),
    span(pinned && state !== 'pinned' ? ', pinned' : ''),
    ...out,
    span('  '),
    span(url ?? 'none', 'bold'),
  ]
}

export const historyPane = ({ endpoint, atMs }: Sample, rows: number): readonly Line[] => [
  [span(`${padStart('EPOCH', 6)}  ${padEnd('ASSIGNED', 12)}BY`, 'head')],
  ...endpoint.history
    .slice(-Math.max(0, rows))
    .reverse()
    .map(({ epoch, at, by, url, reason }): Line => {
      const atTime = Date.parse(at)
      const isToday = atMs - atTime < 86_400_000
      const since = isToday ? clockText(atTime) : `${ageText(atMs - atTime)} ago`
      return [
        span(padStart(String(epoch), 6), epoch === endpoint.epoch ? 'bold' : 'plain'),
        span(`  ${padEnd(since, 12)}`, 'dim'),
        span(padEnd(by, 15), by === 'rollback' ? 'yellow' : 'plain'),
        span(url),
        span(`  ${reason}`, 'dim'),
      ]
    }),
]
