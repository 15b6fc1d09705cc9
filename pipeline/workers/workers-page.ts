import type { Answer } from '../admin/answer.ts'
import type { Member } from './member.ts'

/** `GET /`: where the console of each worker is. It shows no number that would need a token. */
export const workersPage = (members: readonly Pick<Member, 'worker' | 'state'>[]): Answer => ({
  status: 200,
  headers: {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
    'referrer-policy': 'no-referrer',
  },
  body: page(members),
})

const page = (members: readonly Pick<Member, 'worker' | 'state'>[]): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Holdfast: ${members.length} workers</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 40rem; margin: 3rem auto; padding: 0 1rem }
li { margin: 0.4rem 0 }
code { font-size: 0.9em }
</style>
</head>
<body>
<h1>Holdfast, ${members.length} workers</h1>
<p>Each worker is a whole pipeline with a console of its own. What is commanded in one goes to all.</p>
<ul>
${members.map(row).join('\n')}
</ul>
<p>All together: <code>holdfast ledger</code>, <code>holdfast drops</code>, <code>holdfast endpoint show</code>,
<code>/metrics</code>, <code>/api/v1/workers</code>.</p>
</body>
</html>
`
const row = ({ worker, state }: Pick<Member, 'worker' | 'state'>): string =>
  `<li><a href="workers/${worker}/">Worker ${worker}</a>: ${state()}</li>`
