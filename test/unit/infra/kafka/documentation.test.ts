import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { topicNames, topics } from '../../../../schemas/topics.ts'

const page = readFileSync(join(import.meta.dirname, '../../../../docs/kafka.md'), 'utf8')

const hour = 3_600_000
const partitions = { one: '1', shards: 'shards', lanes: '3 × shards' } as const

const kept = (how: 'forever' | 'latest' | number): string => {
  if (how === 'forever') return 'until Holdfast cuts it off'
  if (how === 'latest') return 'the latest of each key'
  return how < 24 * hour ? `${how / hour} h` : `${how / hour / 24} days`
}

test('the page on Kafka has the topics as they are', () => {
  const rows = topicNames.map((name) => {
    const topic = topics[name]
    return `| \`${name}\` | ${partitions[topic.partitions]} | ${kept(topic.kept)} | ${topic.about} |`
  })
  const [, table] = page.split(/<!-- \/?topics -->\n/)
  const head = '| topic | partitions | kept | about |\n| ----- | ---------- | ---- | ----- |\n'
  assert.equal(table, `${head}${rows.join('\n')}\n`)
})

test('the page on Kafka names every setting', () => {
  const schema = JSON.parse(
    readFileSync(
      join(import.meta.dirname, '../../../../pipeline/config/config.schema.json'),
      'utf8',
    ),
  )
  const [, mapping] = schema.properties.transport.anyOf
  const { properties } = mapping.properties.kafka
  for (const key of Object.keys(properties)) assert.match(page, new RegExp(`\`${key}[\`.]`), key)
})
