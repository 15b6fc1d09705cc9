import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ageText, countText, rateText, sparkline } from '../../../../pipeline/top/quantity.ts'
import { readingsIn } from '../../../../pipeline/top/readings.ts'
import { ordered } from '../../../../pipeline/top/stream-order.ts'
import { openTrend } from '../../../../pipeline/top/trend.ts'
import { initialView, pressed, type View } from '../../../../pipeline/top/view.ts'
import { topSample } from '../../../support/top-sample.ts'

const keys = (...all: readonly string[]): View => {
  let view: View = initialView('http://127.0.0.1:8686', 0)
  for (const key of all) {
    const next = pressed(view, key)
    if (typeof next === 'string') assert.fail(`${key}: ${next}`)
    view = next
  }
  return view
}

test('a key sorts by its column, and turns the order round when it is pressed again', () => {
  assert.deepEqual(keys().order, { column: 'pending', direction: 'down' })
  assert.deepEqual(keys('x').order, { column: 'dropped', direction: 'down' })
  assert.deepEqual(keys('x', 'x').order, { column: 'dropped', direction: 'up' })
  assert.deepEqual(keys('n').order, { column: 'name', direction: 'up' })
  assert.deepEqual(keys('\u001b[C').order, { column: 'delivered', direction: 'down' })
  assert.deepEqual(keys('n', '\u001b[D').order, { column: 'dropped', direction: 'down' })
  assert.deepEqual(keys('r').order, { column: 'pending', direction: 'up' })
})

test('while a filter is typed its letters are no commands, and Ctrl-C still leaves', () => {
  const view = keys('/', 'q', 'x', '\u007f', 'é')
  assert.deepEqual(view.filter, { text: 'qé', state: 'typing' })
  assert.equal(pressed(view, '\u0003'), 'quit')
  assert.deepEqual(keys('/', 'q', '\r').filter, { text: 'q', state: 'set' })
  assert.deepEqual(keys('/', 'q', '\r', '\u001b').filter, { text: '', state: 'set' })
  assert.equal(pressed(keys(), 'q'), 'quit')
  assert.equal(pressed(keys(), '\u001a'), 'suspend')
})

test('rates are what came between two looks, and begin anew where counts do', () => {
  const trend = openTrend()
  const at = (seconds: number, accepted: number) => {
    const { totals, streams } = topSample()
    const [stream = assert.fail()] = streams
    return trend(
      topSample({
        atMs: seconds * 1_000,
        totals: { ...totals, accepted },
        streams: [
          { ...stream, accepted },
          { ...stream, producer: 'edge-1-y', accepted },
        ],
      }),
    )
  }
  assert.equal(at(0, 100).accepted.perSecond, 0)
  assert.equal(at(1, 200).accepted.perSecond, 100)
  const { accepted, streams } = at(2, 500)
  assert.deepEqual(accepted, { perSecond: 200, rates: [100, 300] })
  assert.deepEqual(
    streams.map((row) => [row.accepted, row.acceptedPerSecond]),
    [[1_000, 400]],
  )
  assert.deepEqual(at(3, 10).accepted, { perSecond: 0, rates: [] })
})

test('streams are in the order that was asked for, those that are equal by what came', () => {
  const { streams } = openTrend()(topSample())
  const services = (order: Parameters<typeof ordered>[1]) =>
    ordered(streams, order)
      .slice(0, 2)
      .map(({ service }) => service)
  assert.deepEqual(services({ column: 'pending', direction: 'up' }), ['service-0', 'service-1'])
  assert.deepEqual(services({ column: 'name', direction: 'up' }), ['checkout', '日本語サービス'])
  assert.equal(services({ column: 'dropped', direction: 'down' })[0], '日本語サービス')
})

test('numbers are short, and right to their last digit where there is room', () => {
  assert.deepEqual(
    [0, 999, 1_234_567, 999_999_999, 1_500_000_000].map((value) => countText(value)),
    ['0', '999', '1,234,567', '1.00G', '1.50G'],
  )
  assert.deepEqual([0, 0.25, 12.3, 1_234].map(rateText), ['0/s', '0.3/s', '12/s', '1.23k/s'])
  assert.deepEqual([0, 9_940, 59_999, 61_000, 7_500_000, 300_000_000].map(ageText), [
    '0.0s',
    '9.9s',
    '59s',
    '1m 1s',
    '2h 5m',
    '3d 11h',
  ])
  assert.equal(sparkline([0, 1, 4, 8], 6), '  ▁▁▄█')
  assert.equal(sparkline([0, 0], 2), '▁▁')
})

test('a metrics page is read by name, whatever labels say', () => {
  const page = [
    '# HELP a_total A.',
    'a_total{tenant="b_total 7"} 3',
    'b_total 4.5e1',
    'c_info{version="1.0",producer="x y"} 1',
  ].join('\n')
  const readings = readingsIn(page)
  assert.equal(readings.value('a_total'), 3)
  assert.equal(readings.value('b_total'), 45)
  assert.equal(readings.value('missing'), 0)
  assert.equal(readings.label('c_info', 'producer'), 'x y')
})
