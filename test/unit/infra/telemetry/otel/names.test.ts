import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { metricName, unitOf } from '../../../../../infra/telemetry/otel/metric-names.ts'
import { attributes, events, spanNames } from '../../../../../infra/telemetry/otel/names.ts'
import { type Metric, metrics } from '../../../../../schemas/metrics.ts'

const page = readFileSync(join(import.meta.dirname, '../../../../../docs/telemetry.md'), 'utf8')
const all = Object.values<Metric>(metrics)

test('every span, attribute and event is documented, and no other', () => {
  const named = [spanNames, attributes, events].flatMap((names) => Object.values(names))
  for (const name of named)
    assert.ok(page.includes(`\`${name}\``) || page.includes(` ${name} `), name)
  const known = new Set([...named, ...all.flatMap((metric) => metricName(metric)?.name ?? [])])
  for (const [, name = ''] of page.matchAll(/`(holdfast\.[a-z._]+)`/g))
    assert.ok(known.has(name), `${name} is documented, and is nowhere`)
})

test('every metric that the conventions have a name for is documented with it', () => {
  for (const metric of all) {
    const { name } = metricName(metric) ?? { name: metric.name }
    const mechanical = `holdfast.${name.slice('holdfast.'.length)}` === name
    if (name !== 'holdfast.cache.size' && mechanical) continue
    if (name === metric.name && !page.includes(metric.name)) continue
    assert.ok(page.includes(`\`${name}\``), name)
  }
})

test('names do not collide, and have dots and no unit', () => {
  const names = all.flatMap((metric) => metricName(metric)?.name ?? [])
  assert.equal(new Set(names).size, names.length)
  for (const name of names) assert.match(name, /^[a-z]+(\.[a-z]+)+$/)
  for (const metric of all) assert.notEqual(unitOf(metric), '')
})
