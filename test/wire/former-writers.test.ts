/** What a former release wrote is read as today's message. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isDecodeFailure, openCodec } from '../../schemas/codec.ts'
import type { Definition, EnumDefinition, Field } from '../../schemas/definition.ts'

const namespace = 'holdfast'
const reason = (symbols: readonly string[]): EnumDefinition => ({
  type: 'enum',
  name: 'Reason',
  namespace,
  symbols,
})
const happened = (...fields: readonly Field[]): Definition => ({
  type: 'record',
  name: 'AppendDone',
  namespace,
  event: 'append.done',
  fields,
})
const appendId: Field = { name: 'appendId', type: 'long' }
const version1 = happened(appendId, { name: 'reason', type: reason(['b', 'a']) })
const version2 = happened(
  { name: 'note', type: ['null', 'string'], default: null },
  { name: 'reason', type: reason(['a', 'b']) },
  appendId,
)
const written = (by: Definition) =>
  openCodec({ definitions: [by], formerVersions: [] }).encode({
    type: 'append.done',
    appendId: 5,
    reason: 'a',
    note: 'n',
  } as never)

const today = openCodec({ definitions: [version2], formerVersions: [version1] })

test('a field that the writer did not have gets its default, and symbols keep their names', () => {
  assert.deepEqual(today.decode(written(version1)), {
    type: 'append.done',
    note: null,
    reason: 'a',
    appendId: 5,
  })
})

test("today's own messages are read as they are", () => {
  assert.deepEqual(today.decode(written(version2)), {
    type: 'append.done',
    note: 'n',
    reason: 'a',
    appendId: 5,
  })
})

test('what a former writer wrote is checked against its own schema', () => {
  const bytes = written(version1)
  for (let length = 10; length < bytes.length; length += 1) {
    const decoded = today.decode(bytes.subarray(0, length))
    assert.ok(isDecodeFailure(decoded))
    assert.equal(decoded.why, 'truncated')
  }
})

test('a writer of the future is an unknown schema', () => {
  const yesterday = openCodec({ definitions: [version1], formerVersions: [] })
  const decoded = yesterday.decode(written(version2))
  assert.ok(isDecodeFailure(decoded))
  assert.equal(decoded.why, 'unknown_schema')
})

test('a former value is read when its writer is named', () => {
  const value = (...fields: readonly Field[]): Definition => ({
    type: 'record',
    name: 'Position',
    namespace,
    fields,
  })
  const segment: Field = { name: 'segment', type: 'long' }
  const offset: Field = { name: 'offset', type: 'long', default: 0 }
  const former = openCodec({ definitions: [value(segment)], formerVersions: [] })
  const codec = openCodec({
    definitions: [value(segment, offset)],
    formerVersions: [value(segment)],
  })
  const bytes = former.encodeValue('Position', { segment: 9, offset: 0 })
  const writer = former.fingerprintOf('Position')
  assert.deepEqual(codec.decodeValue('Position', bytes, writer), { segment: 9, offset: 0 })
})
