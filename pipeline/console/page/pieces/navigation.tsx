import { useLayoutEffect, useRef } from 'preact/hooks'
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

export const Navigation = ({ view }: { readonly view: View }) => {
  const bar = useRef<HTMLElement>(null)
  // On a small screen it is one line that scrolls; where one is has to be seen.
  useLayoutEffect(() => {
    const { current } = bar
    const link = current?.querySelector<HTMLElement>(`a[href="${linkTo(view)}"]`)
    if (current === null || !link) return
    current.scrollLeft = link.offsetLeft - (current.clientWidth - link.offsetWidth) / 2
  }, [view])
  return (
    <nav class="navigation" aria-label="Views" ref={bar}>
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
}
