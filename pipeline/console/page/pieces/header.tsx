import type { Glance } from '../answers.ts'
import { type Connection, live } from '../live.ts'
import { useStore } from '../store.ts'
import { applyTheme, type Theme, themes, useTheme } from '../theme.ts'
import { timeText } from '../words.ts'
import { Icon, type IconName } from './icon.tsx'
import { Mark } from './mark.tsx'

/** One of several has its console below a path of its own. */
const [, worker] = /\/workers\/(\d+)\/[^/]*$/.exec(location.pathname) ?? []

export const Header = () => {
  const { glance, connection } = useStore(live)
  return (
    <header class="header">
      <a class="brand" href="#/overview">
        <Mark />
        Holdfast
      </a>
      {worker === undefined ? null : (
        <a class="worker" href="../../" title="All workers">
          Worker {worker}
        </a>
      )}
      {glance === null ? null : (
        <span class="producer" title={`Producer ${glance.producer}, version ${glance.version}`}>
          {glance.producer}
        </span>
      )}
      <span class="spread" />
      <Health glance={glance} connection={connection} />
      <ThemeSwitch />
    </header>
  )
}

/** Said to a screen reader when it changes, and only then: it holds no number that moves. */
const Health = ({
  glance,
  connection,
}: {
  readonly glance: Glance | null
  readonly connection: Connection
}) => {
  const { tone, text } = healthOf(glance, connection)
  return (
    <span class={`pill ${tone}`} role="status">
      <span class="dot" aria-hidden="true" />
      {text}
    </span>
  )
}

const healthOf = (
  glance: Glance | null,
  connection: Connection,
): { readonly tone: 'good' | 'warn' | 'bad' | 'quiet'; readonly text: string } => {
  if (connection.kind === 'connecting') return { tone: 'quiet', text: 'Connecting' }
  if (connection.kind === 'lost') {
    if (connection.failure.kind === 'unauthorised') return { tone: 'quiet', text: 'Locked' }
    return { tone: 'bad', text: `No answer since ${timeText(connection.sinceMs)}` }
  }
  if (glance === null) return { tone: 'quiet', text: 'Connecting' }
  if (glance.health.live.length > 0) return { tone: 'bad', text: 'Failing' }
  if (glance.health.ready.length > 0) return { tone: 'warn', text: 'Not ready' }
  return { tone: 'good', text: 'Ready' }
}

const themeIcons: Readonly<Record<Theme, IconName>> = {
  system: 'system',
  light: 'sun',
  dark: 'moon',
}

const ThemeSwitch = () => {
  const theme = useTheme()
  const next = themes[(themes.indexOf(theme) + 1) % themes.length] ?? 'system'
  return (
    <button
      type="button"
      class="button ghost square"
      onClick={() => applyTheme(next)}
      aria-label={`Colours: ${theme}. Change to ${next}`}
      title={`Colours: ${theme}`}
    >
      <Icon name={themeIcons[theme]} />
    </button>
  )
}
