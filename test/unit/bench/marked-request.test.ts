import assert from 'node:assert/strict'
import { test } from 'node:test'
import { markedLines, readLineMarks } from '../../bench/marked-lines.ts'
import { type Mark, markedRequest, readMarks } from '../../bench/marked-request.ts'

const marked = (number: number, records: number): Buffer => {
  const request = markedRequest({ service: 'bench', records, recordBytes: 512 })
  request.mark(number, 1_700_000_000_000_000)
  return Buffer.from(request.bytes)
}
const found = (body: Buffer) => {
  const marks: { readonly mark: Mark; readonly records: number }[] = []
  readMarks(body, (mark, records) => marks.push({ mark, records }))
  return marks
}

test('of requests that were joined, each is found, with its number and its records', () => {
  const marks = found(Buffer.concat([marked(7, 500), marked(8, 1), marked(9, 50)]))
  assert.deepEqual(
    marks.map(({ mark, records }) => [mark.number, mark.records, records]),
    [
      [7, 500, 500],
      [8, 1, 1],
      [9, 50, 50],
    ],
  )
})

test('records that are sent apart are counted apart: a part of a request is not all of it', () => {
  // Two thirds of it: its ResourceLogs with fewer records in it, as another encoder would write it.
  const whole = marked(3, 3)
  const part = marked(3, 2)
  const said = whole.toString('latin1').match(/\d{31}/)?.[0] ?? ''
  part.write(said, part.toString('latin1').search(/\d{31}/), 'latin1')
  assert.deepEqual(
    found(part).map(({ mark, records }) => [mark.records, records]),
    [[3, 2]],
  )
})

test('a body with something else in it is refused, since its records could not be counted', () => {
  assert.throws(() => found(Buffer.from('[]')), RangeError)
  assert.throws(() => found(Buffer.concat([marked(1, 1), Buffer.from('x')])), RangeError)
})

test('lines are counted one by one, as syslog and as JSON', () => {
  const lines = markedLines({ records: 3, recordBytes: 200 })
  lines.mark(42, 1_700_000_000_000_000)
  const digits = lines.bytes.toString('latin1').match(/\d{31}/)?.[0]
  const json = JSON.stringify({ resources: { 'bench.mark': digits, 'service.name': 'bench' } })
  for (const text of [lines.bytes, Buffer.from(`${json}\n${json}\n${json}\n`)]) {
    const marks: Mark[] = []
    readLineMarks(text, (mark) => marks.push(mark))
    assert.deepEqual(
      marks.map(({ number, records }) => [number, records]),
      [
        [42, 3],
        [42, 3],
        [42, 3],
      ],
    )
  }
})
