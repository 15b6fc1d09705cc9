/** The console. It is served by the process that it shows, and asks nobody else for anything. */
import { render } from 'preact'
import { App } from './app.tsx'
import { watchPipeline } from './live.ts'
import { applyTheme } from './theme.ts'

applyTheme()
watchPipeline()
const root = document.getElementById('console')
if (root !== null) {
  root.replaceChildren()
  render(<App />, root)
}
