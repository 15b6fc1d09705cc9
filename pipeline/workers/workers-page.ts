import type { Answer } from '../admin/answer.ts'
import type { Member, MemberState } from './member.ts'

type Shown = Pick<Member, 'worker' | 'state' | 'restarts'>

/** `GET /`: where the console of each worker is. It shows no number that would need a token. */
export const workersPage = (members: readonly Shown[]): Answer => ({
  status: 200,
  headers: {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
    'referrer-policy': 'no-referrer',
  },
  body: page(members),
})

/** It runs no script, so the browser is asked to load it again. */
const refreshSeconds = 5

const page = (members: readonly Shown[]): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="refresh" content="${refreshSeconds}">
<title>${members.length} workers · Holdfast</title>
<style>${style}</style>
</head>
<body>
<header>
<svg viewBox="0 0 32 32" width="26" height="26" aria-hidden="true"><rect width="32" height="32" rx="8" fill="#2d56e0"/><path d="M9 7v18M23 7v18M9 16h14" fill="none" stroke="#fff" stroke-width="3.4" stroke-linecap="round"/></svg>
Holdfast
</header>
<main>
<h1>${members.length} workers</h1>
<p>Each is a whole pipeline, with a console of its own. What is commanded in one goes to all.</p>
<ul>
${members.map(row).join('\n')}
</ul>
<p class="together">Of all together: <code>holdfast ledger</code>, <code>holdfast drops</code>,
<code>holdfast endpoint show</code>, <code>/metrics</code>, <code>/api/v1/workers</code>.</p>
</main>
</body>
</html>
`

const row = ({ worker, state, restarts }: Shown): string => {
  const now = state()
  const times = restarts()
  const note = times === 0 ? '' : `started again ${times === 1 ? 'once' : `${times} times`}`
  return `<li><a href="workers/${worker}/"><b>Worker ${worker}</b><span>${note}</span><i class="${now}">${words[now]}</i></a></li>`
}

const words: Readonly<Record<MemberState, string>> = {
  starting: 'Starting',
  up: 'Up',
  waiting: 'Away: it is started again',
  stopping: 'Stopping',
  ended: 'Ended',
}

/** As the console looks. */
const style = `
:root { color-scheme: light dark; --ground: #f5f6f8; --surface: #fff; --line: #e2e5eb; --ink: #141922; --muted: #5d6778; --accent: #2d56e0; --good: #137a47; --good-soft: #e5f4ec; --warn: #8f5400; --warn-soft: #fdf2dc }
@media (prefers-color-scheme: dark) { :root { --ground: #0d1015; --surface: #151a21; --line: #252c37; --ink: #e8ebf0; --muted: #939dad; --accent: #8aa6ff; --good: #5dd39a; --good-soft: #12291e; --warn: #f0b65a; --warn-soft: #2d2312 } }
* { box-sizing: border-box }
body { margin: 0; background: var(--ground); color: var(--ink); font: 15.5px/1.5 "Inter", system-ui, -apple-system, "Segoe UI", Roboto, sans-serif }
header { display: flex; align-items: center; gap: 10px; height: 56px; padding: 0 20px; border-bottom: 1px solid var(--line); background: var(--surface); font-weight: 680 }
main { max-width: 760px; margin: 0 auto; padding: 24px 16px }
h1 { margin: 0; font-size: 23px; line-height: 1.25 }
p { margin: 2px 0 18px; color: var(--muted) }
ul { display: grid; gap: 10px; margin: 0; padding: 0; list-style: none }
a { display: flex; flex-wrap: wrap; align-items: center; gap: 4px 14px; padding: 14px 18px; border: 1px solid var(--line); border-radius: 12px; background: var(--surface); color: var(--ink); text-decoration: none }
a:hover { border-color: var(--accent) }
a:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px }
span { flex: 1; color: var(--muted); font-size: 14px }
i { padding: 2px 12px; border-radius: 99px; background: var(--warn-soft); color: var(--warn); font-size: 14px; font-style: normal; font-weight: 620 }
i.up { background: var(--good-soft); color: var(--good) }
code { font: 13.5px ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace }
.together { margin-top: 18px }
`
