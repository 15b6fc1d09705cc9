/** Which view is shown, and of what: the fragment of the address, so that it can be sent to somebody. */
import { openStore, useStore } from './store.ts'

export const views = [
  'overview',
  'actors',
  'sequence',
  'cache',
  'losses',
  'completeness',
  'endpoint',
  'streams',
] as const
export type View = (typeof views)[number]
export type Place = { readonly view: View; readonly parameters: Readonly<Record<string, string>> }

const placeOf = (fragment: string): Place => {
  const [path = '', query = ''] = fragment.replace(/^#\/?/, '').split('?')
  const view = views.find((known) => known === path) ?? 'overview'
  return { view, parameters: Object.fromEntries(new URLSearchParams(query)) }
}

const place = openStore(placeOf(location.hash))
addEventListener('hashchange', () => place.set(placeOf(location.hash)))

export const usePlace = (): Place => useStore(place)

export const linkTo = (view: View, parameters: Readonly<Record<string, string>> = {}): string => {
  const query = new URLSearchParams(parameters).toString()
  return query === '' ? `#/${view}` : `#/${view}?${query}`
}

/** The same view with other parameters; empty ones are left out. Goes into no history. */
export const restate = (change: Readonly<Record<string, string | undefined>>): void => {
  const { view, parameters } = place.get()
  const next: Record<string, string> = {}
  for (const [name, value] of Object.entries({ ...parameters, ...change }))
    if (value !== undefined && value !== '') next[name] = value
  history.replaceState(null, '', linkTo(view, next))
  place.set({ view, parameters: next })
}
