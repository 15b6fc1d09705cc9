/** The dashboard, as far as it can be judged without Grafana: what it asks for, and where it lies. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { z } from 'zod'
import { type Metric, metrics } from '../../../../schemas/metrics.ts'
import { workspace } from '../../../support/holdfast-process.ts'
import { isAbsent, peerPath } from '../../../support/peer.ts'

const position = z.object({
  x: z.int().min(0).max(23),
  y: z.int().min(0),
  w: z.int().min(1).max(24),
  h: z.int().min(1),
})
const source = z.object({ type: z.literal('prometheus'), uid: z.literal(`\${datasource}`) })
const panelSchema = z.discriminatedUnion('type', [
  z.object({ id: z.int(), type: z.literal('row'), title: z.string().min(1), gridPos: position }),
  z.object({
    id: z.int(),
    type: z.enum(['timeseries', 'stat']),
    title: z.string().min(1),
    description: z.string().min(1),
    datasource: source,
    gridPos: position,
    fieldConfig: z.object({ defaults: z.object({ unit: z.string().min(1) }) }),
    targets: z
      .array(
        z.object({
          datasource: source,
          expr: z.string().min(1),
          legendFormat: z.string().min(1),
          refId: z.string().regex(/^[A-Z]$/),
        }),
      )
      .min(1),
  }),
])
const dashboardSchema = z.object({
  uid: z.literal('holdfast'),
  title: z.string(),
  schemaVersion: z.int().min(36),
  panels: z.array(panelSchema).min(1),
  templating: z.object({ list: z.array(z.object({ name: z.string(), type: z.string() })) }),
  annotations: z.object({ list: z.array(z.object({ expr: z.string().optional() })) }),
})
const file = join(import.meta.dirname, '../../../../infra/deploy/grafana/holdfast.json')
const dashboard = dashboardSchema.parse(JSON.parse(readFileSync(file, 'utf8')))

const asked = dashboard.panels.flatMap((panel) =>
  panel.type === 'row' ? [] : panel.targets.map(({ expr }) => expr),
)
const expressions = [
  ...asked,
  ...dashboard.annotations.list.flatMap(({ expr }) => (expr === undefined ? [] : [expr])),
]
const byName = new Map(Object.values<Metric>(metrics).map((metric) => [metric.name, metric]))

const namesIn = (text: string): readonly string[] =>
  [...text.matchAll(/\b(?:holdfast|process)_[a-z_]+/g)].map(([name]) =>
    name.replace(/_bucket$/, ''),
  )

test('the dashboard asks for metrics that there are, by labels that they have', () => {
  const askedFor = /\b((?:holdfast|process)_[a-z_]+?)(_bucket)?(?=[{\s/)[])/g
  for (const expression of expressions) {
    const names = [...expression.matchAll(askedFor)]
    assert.ok(names.length > 0, expression)
    const labels = names.flatMap(([, name = '', bucket]) => {
      const metric = byName.get(name)
      assert.ok(metric !== undefined, `${name} in ${expression}`)
      assert.equal(metric.kind === 'histogram', bucket !== undefined, expression)
      return metric.labels
    })
    const known = new Set([...labels, 'instance', 'job', 'le'])
    for (const [, list = ''] of expression.matchAll(/\bby \(([^)]*)\)/g))
      for (const label of list.split(', ')) assert.ok(known.has(label), `${label} in ${expression}`)
  }
})

test('what an alert is about can be looked at on the dashboard', () => {
  const alerts = readFileSync(join(file, '../../prometheus/alerts.yaml'), 'utf8')
  const shown = new Set(expressions.flatMap(namesIn))
  const missing = new Set(namesIn(alerts).filter((name) => byName.has(name) && !shown.has(name)))
  assert.deepEqual([...missing], [])
})

test('the variables that are asked by are declared, and each is used', () => {
  const used = JSON.stringify({ panels: dashboard.panels, annotations: dashboard.annotations })
  for (const { name } of dashboard.templating.list)
    assert.match(used, new RegExp(`\\$\\{?${name}\\b`), name)
  const declared = new Set(dashboard.templating.list.map(({ name }) => name))
  for (const [, name = ''] of used.matchAll(/\$\{?([a-z]\w*)/g)) assert.ok(declared.has(name), name)
})

test('counters are shown as rates or increases, and gauges are not', () => {
  for (const expression of expressions)
    for (const [, before, name = ''] of expression.matchAll(
      /([a-z_]*\()?\b((?:holdfast|process)_[a-z_]+)(?=\{)/g,
    )) {
      const isRate = before === 'rate(' || before === 'increase('
      const { kind } = byName.get(name.replace(/_bucket$/, '')) ?? { kind: 'none' }
      assert.equal(isRate, kind !== 'gauge', expression)
    }
})

test('no panel lies on another, and each has an id of its own', () => {
  const ids = dashboard.panels.map(({ id }) => id)
  assert.equal(new Set(ids).size, ids.length)
  const taken = new Set<string>()
  for (const { title, gridPos } of dashboard.panels) {
    assert.ok(gridPos.x + gridPos.w <= 24, title)
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1)
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
        assert.ok(!taken.has(`${x},${y}`), `${title} lies on another panel`)
        taken.add(`${x},${y}`)
      }
  }
})

test('Prometheus can read every expression', { skip: isAbsent('promtool') }, async () => {
  await using folder = await workspace()
  const path = join(folder.path, 'expressions.yaml')
  const rules = expressions.map((expression, index) => ({
    record: `expression:${index}`,
    expr: expression
      .replaceAll('$__rate_interval', '1m')
      .replaceAll('$__range', '3h')
      .replaceAll('$instance', '.*'),
  }))
  await writeFile(path, JSON.stringify({ groups: [{ name: 'dashboard', rules }] }))
  const { stdout } = await promisify(execFile)(peerPath('promtool'), ['check', 'rules', path])
  assert.match(stdout, new RegExp(`SUCCESS: ${expressions.length} rules found`))
})
