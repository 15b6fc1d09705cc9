/** The pages of docs/ beside the code: what they list is all there is, and their links lead somewhere. */
import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { test } from 'node:test'
import { metrics } from '../schemas/metrics.ts'

const root = join(import.meta.dirname, '..')
const paths = ['*.md', 'docs/**/*.md'].flatMap((pattern) => globSync(pattern, { cwd: root }))
const pages: ReadonlyMap<string, string> = new Map(
  paths.map((path) => [path, readFileSync(join(root, path), 'utf8')]),
)

/** What is in a block of code is no heading and no link. */
const prose = (page: string): string => page.replaceAll(/^```.*?^```$/gms, '')

const anchorOf = (heading: string): string =>
  heading
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\- _]/gu, '')
    .replaceAll(' ', '-')

const anchorsOf = (page: string): ReadonlySet<string> =>
  new Set([
    ...[...prose(page).matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchorOf(heading ?? '')),
    ...[...page.matchAll(/\bid="([^"]+)"/g)].map(([, id]) => id ?? ''),
  ])

const leadsNowhere = (path: string, link: string): boolean => {
  const [file = '', anchor] = link.split('#')
  const target = file === '' ? path : relative(root, join(root, dirname(path), file))
  if (!existsSync(join(root, target))) return true
  const page = pages.get(target)
  return anchor !== undefined && page !== undefined && !anchorsOf(page).has(anchor)
}

test('each link from page to page leads somewhere', () => {
  let count = 0
  for (const [path, page] of pages)
    for (const [, link = ''] of prose(page).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(link)) continue
      count += 1
      assert.ok(!leadsNowhere(path, link), `${path} links to ${link}, which is not there.`)
    }
  assert.ok(count > 50, `only ${count} links were seen`)
  assert.ok(leadsNowhere('README.md', 'docs/absent.md'))
  assert.ok(leadsNowhere('README.md', 'docs/kafka.md#absent'))
})

test('each metric is in the table of docs/operations.md as it is declared, and no other is', () => {
  const page = pages.get('docs/operations.md') ?? ''
  const rows = [...page.matchAll(/^\| `((?:holdfast|process)_\w+)` \|.*$/gm)].map(([row]) => row)
  const declared = Object.values(metrics).map(
    ({ name, kind, labels, description }) =>
      `| \`${name}\` | ${kind} | ${labels.join(', ')} | ${description} |`,
  )
  assert.deepEqual(rows.sort(), declared.sort())
})

test('each event that is logged as an error or a warning is on a page', () => {
  const sources = globSync('{infra,pipeline}/**/*.ts', { cwd: root })
  const text = sources.map((path) => readFileSync(join(root, path), 'utf8')).join('\n')
  const logged = [...text.matchAll(/\blog\.(?:error|warn)\(\s*'(\w+\.[\w.]+)'/g)]
  const events = new Set(logged.map(([, event]) => event ?? ''))
  assert.ok(events.size > 30, `only ${events.size} events were seen`)
  const said = [...pages.values()].join('\n')
  for (const event of events)
    assert.ok(said.includes(`\`${event}\``), `${event} is logged, and on no page of docs/.`)
})
