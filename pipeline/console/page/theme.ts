/** Light or dark: as the system has it, until somebody says otherwise. */
import { openStore, useStore } from './store.ts'

export const themes = ['system', 'light', 'dark'] as const
export type Theme = (typeof themes)[number]

const key = 'holdfast.theme'
const kept = themes.find((known) => known === localStorage.getItem(key))
const theme = openStore<Theme>(kept ?? 'system')

export const useTheme = (): Theme => useStore(theme)

export const applyTheme = (next: Theme = theme.get()): void => {
  theme.set(next)
  localStorage.setItem(key, next)
  if (next === 'system') delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = next
}
