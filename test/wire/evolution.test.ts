/** What the evolution gate refuses, and what it lets pass. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Definition, Field, RecordDefinition, Shape } from '../../schemas/definition.ts'
import { refusals, tampering, versionRefusals } from '../../schemas/evolution.ts'
import { sumLine, versionText } from '../../schemas/history.ts'

const namespace = 'holdfast'
const reason = (symbols: readonly string[], fallback?: string): Shape => ({
  type: 'enum',
  name: 'Reason',
  namespace,
  symbols,
  ...(fallback === undefined ? {} : { default: fallback }),
})
const record = (...fields: readonly Field[]): RecordDefinition => ({
  type: 'record',
  name: 'Thing',
  namespace,
  event: 'thing.done',
  fields,
})
const id: Field = { name: 'id', type: 'long' }
const why: Field = { name: 'why', type: reason(['a', 'b']) }
const base = record(id, why)
const passes = (...versions: readonly Definition[]) =>
  assert.deepEqual(versionRefusals('Thing', versions), [])
const refuses = (pattern: RegExp, ...versions: readonly Definition[]) => {
  const found = versionRefusals('Thing', versions)
  assert.ok(
    found.some((it) => pattern.test(it)),
    `expected ${pattern}, found ${JSON.stringify(found)}`,
  )
}

test('a field with a default may be added, and may be removed again', () => {
  const wider = record(id, why, { name: 'note', type: 'string', default: '' })
  passes(base, wider)
  passes(wider, base)
})

test('fields and enum symbols may be reordered', () => {
  passes(base, record({ name: 'why', type: reason(['b', 'a']) }, id))
})

test('an enum with a default may grow', () => {
  passes(
    record({ name: 'why', type: reason(['a', 'b'], 'a') }),
    record({ name: 'why', type: reason(['a', 'b', 'c'], 'a') }),
  )
})

test('a field without a default may not be added: what was written lacks it', () => {
  const wider = record(id, why, { name: 'note', type: 'string' })
  refuses(/Thing 2 cannot read Thing 1.*note/, base, wider)
})

test('a field without a default may not be removed: the release before needs it', () => {
  refuses(/Thing 1 cannot read Thing 2.*id/, base, record(why))
})

test('a field may not be renamed', () => {
  refuses(/Thing 2 cannot read Thing 1/, base, record({ name: 'identity', type: 'long' }, why))
})

test('a field may not change its type', () => {
  refuses(/Thing 2 cannot read Thing 1/, base, record({ name: 'id', type: 'string' }, why))
})

test('a field may not be widened: the release before could not read it', () => {
  const narrow = record({ name: 'id', type: 'int' })
  refuses(/Thing 1 cannot read Thing 2/, narrow, record(id))
})

test('a field may not become optional: the release before could not read null', () => {
  const optional = record({ name: 'id', type: ['null', 'long'] }, why)
  refuses(/Thing 1 cannot read Thing 2/, base, optional)
})

test('an enum symbol may not be removed: it may have been written', () => {
  const fewer = record(id, { name: 'why', type: reason(['a']) })
  refuses(/Thing 2 cannot read Thing 1/, base, fewer)
})

test('an enum without a default may not grow: the release before could not read it', () => {
  const more = record(id, { name: 'why', type: reason(['a', 'b', 'c']) })
  refuses(/Thing 1 cannot read Thing 2/, base, more)
})

test('a record may not change its name or its event', () => {
  refuses(/cannot read/, base, { ...base, name: 'Other' })
  refuses(/is the event "thing.undone"/, base, { ...base, event: 'thing.undone' })
})

test('a version has to read every version before it, not only the last', () => {
  const second = record(id, why, { name: 'note', type: 'string', default: '' })
  const third = record(id, why, { name: 'note', type: 'string' })
  assert.deepEqual(versionRefusals('Thing', [second, third]), [])
  refuses(/Thing 3 cannot read Thing 1/, base, second, third)
})

test('a schema that changed without a version, or was removed, is refused', () => {
  const history = new Map([['Thing', [base]]])
  assert.deepEqual(refusals({ current: [base], history }), [])
  assert.match(refusals({ current: [record(id)], history })[0] ?? '', /changed.*npm run generate/)
  assert.match(refusals({ current: [], history })[0] ?? '', /removed/)
  const added = { ...base, name: 'Added' }
  assert.match(refusals({ current: [base, added], history })[0] ?? '', /Added has changed/)
})

test('two schemas that look the same on the wire are refused', () => {
  const enumOf = (name: string): Definition => ({ type: 'enum', name, namespace, symbols: ['a'] })
  const twin = { ...enumOf('Twin'), name: 'Reason' }
  const history = new Map([
    ['Reason', [enumOf('Reason')]],
    ['Twin', [twin]],
  ])
  const found = refusals({ current: [enumOf('Reason')], history })
  assert.ok(found.some((it) => /the same fingerprint/.test(it)))
})

test('a history file that was changed, added by hand or removed is seen', () => {
  const one = { name: 'thing.1.avsc', text: versionText(base) }
  const two = { name: 'thing.2.avsc', text: versionText(record(id)) }
  const sums = `${[one, two].map(sumLine).join('\n')}\n`
  assert.deepEqual(tampering([one, two], sums), [])
  assert.match(tampering([one, { ...two, text: '{}' }], sums)[0] ?? '', /thing\.2\.avsc is not/)
  assert.match(tampering([one], sums)[0] ?? '', /thing\.2\.avsc is listed but missing/)
  const three = { name: 'thing.3.avsc', text: '{}' }
  assert.match(tampering([one, two, three], sums)[0] ?? '', /thing\.3\.avsc is not/)
})
