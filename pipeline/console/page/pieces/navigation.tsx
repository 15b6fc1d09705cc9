import { linkTo, type View, views } from '../route.ts'
import { Icon } from './icon.tsx'

const names: Readonly<Record<View, string>> = {
  overview: 'Overview',
  actors: 'Actors',
  sequence: 'Sequence',
  cache: 'Cache',
  losses: 'Losses',
  completeness: 'Completeness',
  endpoint: 'Endpoint',
  streams: 'Streams',
}

export const Navigation = ({ view }: { readonly view: View }) => (
  <nav class="navigation" aria-label="Views">
    <ul>
      {views.map((it) => (
        <li key={it}>
          <a href={linkTo(it)} aria-current={it === view ? 'page' : undefined}>
            <Icon name={it} />
            <span>{names[it]}</span>
          </a>
        </li>
      ))}
    </ul>
  </nav>
)
