import assert from 'node:assert/strict'
import { test } from 'node:test'
import { frameOf, type Size } from '../../../../pipeline/top/frame.ts'
import { cut, fitted, lineWidth, span, textWidth } from '../../../../pipeline/top/line.ts'
import { paintedLine } from '../../../../pipeline/top/painting.ts'
import { openTrend } from '../../../../pipeline/top/trend.ts'
import { initialView, type View } from '../../../../pipeline/top/view.ts'
import { topSample } from '../../../support/top-sample.ts'

const sample = topSample()
const nowMs = sample.atMs
const seen: View = {
  ...initialView('http://127.0.0.1:8686', nowMs),
  seen: { sample, trend: openTrend()(sample) },
}
const away: View = { ...seen, away: { sinceMs: nowMs - 61_000, why: 'it could not be reached' } }
const views: Readonly<Record<string, View>> = {
  seen,
  away,
  waiting: { ...seen, seen: null },
  help: { ...seen, mode: 'help' },
  frozen: { ...seen, mode: 'frozen' },
  typing: { ...seen, filter: { text: 'many', state: 'typing' } },
}
const textOf = (view: View, size: Size): string =>
  frameOf(view, size)
    .lines.map((line) => paintedLine(line, 'none'))
    .join('\n')

test('whatever its size, a screen is filled to its last cell and no further', () => {
  for (const [name, view] of Object.entries(views))
    for (const columns of [1, 20, 39, 40, 60, 79, 80, 100, 129, 130, 200, 400])
      for (const rows of [1, 7, 8, 12, 20, 24, 30, 40, 60, 200]) {
        const { lines } = frameOf(view, { columns, rows })
        assert.equal(lines.length, rows, `${name} ${columns}×${rows}`)
        for (const line of lines)
          assert.equal(
            lineWidth(line),
            columns,
            `${name} ${columns}×${rows}: ${JSON.stringify(line)}`,
          )
      }
})

test('everything that was promised is on a screen of 80 by 24', () => {
  const text = textOf(seen, { columns: 80, rows: 24 })
  for (const word of [
    '1,234,567',
    '30,000',
    '1,200,000',
    '4,567',
    'refused 12',
    ' redirectInFlight ',
    '3 out under an earlier epoch',
    'epoch 7',
    'https://b.example',
    '68%',
    '1.00 GiB',
    '1 attempting, 1 recording',
    '日本語サービス',
    'cache_overwritten',
    'no stalls',
  ])
    assert.ok(text.includes(word), `${word} in\n${text}`)
})

test('rows that the streams leave free show losses, and the bar of the ring is never the shortest part', () => {
  const [drop = assert.fail()] = sample.drops
  const many = topSample({
    streams: sample.streams.slice(0, 2),
    drops: Array.from({ length: 30 }, (_, index) => ({ ...drop, service: `lost-${index}` })),
  })
  const view = { ...seen, seen: { sample: many, trend: openTrend()(many) } }
  const text = textOf(view, { columns: 100, rows: 40 })
  assert.ok((text.match(/lost-\d+/g) ?? []).length >= 12, text)
  for (const columns of [61, 80, 100, 120]) {
    const [bar = ''] = /[█▓▒░]{8,}/.exec(textOf(view, { columns, rows: 40 })) ?? []
    assert.ok(bar.length >= 16, `${bar} on ${columns} columns`)
  }
})

test('a redirect with sends in flight is set off where there are no colours, too', () => {
  const lines = frameOf(seen, { columns: 100, rows: 30 }).lines.flat()
  const found = lines.find(({ text }) => text.includes('redirectInFlight')) ?? assert.fail()
  for (const palette of ['plain', 'colours'] as const)
    assert.match(paintedLine([found], palette), /\[1;7/)
})

test('names of clients can neither move the cursor nor turn the text round', () => {
  const text = textOf(seen, { columns: 200, rows: 60 })
  assert.ok(text.includes('evil�[2J�'))
  assert.doesNotMatch(text.replaceAll('\n', ''), /[\p{Cc}\u202e]/u)
})

test('what is wrong is said: an account that does not balance, stalls, a process that is not ready', () => {
  const wrong = topSample({
    totals: { ...sample.totals, unaccounted: 7 },
    stalls: 2,
    unready: ['cache: full'],
  })
  const text = textOf(
    { ...seen, seen: { sample: wrong, trend: openTrend()(wrong) } },
    { columns: 120, rows: 40 },
  )
  assert.match(text, /7 records are unaccounted for/)
  assert.match(text, /stalls: 2/)
  assert.match(text, /not ready: cache: full/)
  assert.match(
    textOf(away, { columns: 120, rows: 40 }),
    /Not heard of for 1m 1s.*could not be reached/,
  )
})

test('streams are scrolled to their end and no further', () => {
  const { lines, first } = frameOf({ ...seen, first: 10_000 }, { columns: 80, rows: 24 })
  const text = lines.map((line) => paintedLine(line, 'none')).join('\n')
  assert.match(text, new RegExp(`${first + 1}-103 of 103`))
  assert.match(text, /service-0 /)
})

test('letters of two cells, marks of none and families of four are measured as they are shown', () => {
  assert.equal(textWidth('日本'), 4)
  assert.equal(textWidth('e\u0301'), 1)
  assert.equal(textWidth('👩‍👩‍👧‍👦'), 2)
  assert.equal(cut('日本語', 4), '日…')
  assert.equal(lineWidth(fitted([span('日本語')], 4)), 4)
})
