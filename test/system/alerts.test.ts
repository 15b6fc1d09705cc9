/**
 * The alert rules, on what /metrics said through real runs: those that are for the fault fire, and no
 * other. How the runs were recorded is in test/alerts/record.ts.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { promisify } from 'node:util'
import { parse } from 'yaml'
import { type Metric, metrics } from '../../schemas/metrics.ts'
import { fileOf, type Scene, scenes } from '../alerts/scenes.ts'
import { workspace } from '../support/holdfast-process.ts'
import { isAbsent, peerPath } from '../support/peer.ts'

const rulesFile = join(import.meta.dirname, '../../infra/deploy/prometheus/alerts.yaml')
type Rules = {
  readonly groups: readonly {
    readonly rules: readonly {
      readonly alert: string
      readonly expr: string
      readonly labels: { readonly severity: string }
    }[]
  }[]
}
const { groups } = parse(readFileSync(rulesFile, 'utf8')) as Rules
const rules = groups.flatMap((group) => group.rules)

type Run = {
  readonly scrapeSeconds: number
  readonly scrapes: number
  readonly series: Readonly<Record<string, readonly (number | null)[]>>
}
const runOf = (name: string): Run =>
  JSON.parse(readFileSync(join(import.meta.dirname, '../alerts/runs', fileOf(name)), 'utf8'))

/** A run as it was, or with one series changed from its middle on. */
const playedOf = (name: string, { forged }: Scene): Run => {
  if (forged === undefined) return runOf(name)
  const run = runOf('healthy')
  const values = run.series[forged.series]
  assert.ok(values !== undefined, forged.series)
  const changed = values.map((value, index) =>
    value === null || index < run.scrapes / 2 ? value : value + forged.by,
  )
  return { ...run, series: { ...run.series, [forged.series]: changed } }
}

const instance = { instance: 'edge-1:8686', job: 'holdfast' }
const labelled = (key: string): string => {
  const [, name = '', labels] = /^([a-z_]+)(?:\{(.*)\})?$/.exec(key) ?? []
  const own = Object.entries(instance).map(([label, value]) => `${label}="${value}"`)
  return `${name}{${[...own, ...(labels === undefined ? [] : [labels])].join(',')}}`
}

/** What promtool asks: which alerts have fired by the end. JSON is YAML. */
const questionOf = ({ scrapeSeconds, scrapes, series }: Run, fires: readonly string[]): string =>
  JSON.stringify({
    rule_files: [rulesFile],
    evaluation_interval: `${scrapeSeconds}s`,
    tests: [
      {
        interval: `${scrapeSeconds}s`,
        input_series: Object.entries(series).map(([key, values]) => ({
          series: labelled(key),
          values: values.map((value) => value ?? '_').join(' '),
        })),
        promql_expr_test: [
          {
            expr: 'group by (alertname) (last_over_time(ALERTS{alertstate="firing"}[1h]))',
            eval_time: `${scrapeSeconds * (scrapes - 1)}s`,
            exp_samples: fires.map((alert) => ({ labels: `{alertname="${alert}"}`, value: 1 })),
          },
        ],
      },
    ],
  })

const run = promisify(execFile)

test('promtool finds nothing wrong with the rules', { skip: isAbsent('promtool') }, async () => {
  const { stdout } = await run(peerPath('promtool'), ['check', 'rules', rulesFile])
  assert.match(stdout, new RegExp(`SUCCESS: ${rules.length} rules found`))
})

test('the rules ask for metrics that there are, and each says how bad it is', () => {
  const known = new Set(Object.values<Metric>(metrics).map(({ name }) => name))
  for (const { alert, expr, labels } of rules) {
    for (const [name] of expr.matchAll(/\bholdfast_[a-z_]+/g)) assert.ok(known.has(name), name)
    assert.match(labels.severity, /^(critical|warning)$/, alert)
  }
})

test('each rule is in the table of docs/operations.md, with its severity, and no other is', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/operations.md'), 'utf8')
  const rows = [...page.matchAll(/^\| `(Holdfast\w+)` +\| (\w+) /gm)]
  const listed = rows.map(([, alert, severity]) => [alert, severity])
  assert.deepEqual(listed.sort(), rules.map(({ alert, labels }) => [alert, labels.severity]).sort())
})

test('each alert has a run on which it fires, and one on which it does not', () => {
  const all = Object.values(scenes).map(({ fires }) => fires)
  for (const { alert } of rules)
    assert.ok(
      all.some((fires) => fires.includes(alert)),
      alert,
    )
  assert.deepEqual(scenes['healthy']?.fires, [])
  const names = new Set(rules.map(({ alert }) => alert))
  for (const alert of all.flat()) assert.ok(names.has(alert), alert)
})

suite('on a real run', { skip: isAbsent('promtool'), concurrency: 2 }, () => {
  for (const [name, scene] of Object.entries(scenes))
    test(`${name}: ${scene.fires.join(', ') || 'no alert'}`, async () => {
      await using folder = await workspace()
      const file = join(folder.path, 'question.yaml')
      await writeFile(file, questionOf(playedOf(name, scene), scene.fires))
      await run(peerPath('promtool'), ['test', 'rules', file]).catch((cause: unknown) =>
        assert.fail(String((cause as { stdout?: string }).stdout ?? cause)),
      )
    })
})
