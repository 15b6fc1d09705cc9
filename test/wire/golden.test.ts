/** The bytes of every version of every record, as they were when it was made. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fingerprintOfType, typesOf } from '../../schemas/avro-types.ts'
import { type DecodeFailure, decode, decodeValue, isDecodeFailure } from '../../schemas/codec.ts'
import { type RecordDefinition, selfContained } from '../../schemas/definition.ts'
import { sampleCases } from '../support/sample.ts'
import { goldenSamples, readGolden, recordedVersions } from './golden.ts'

const golden = readGolden()
const versions = recordedVersions()

const fingerprint = (definition: RecordDefinition): bigint => {
  const type = typesOf([selfContained(definition, new Map())]).get(definition.name)
  assert.ok(type)
  return fingerprintOfType(type)
}
const read = (definition: RecordDefinition, bytes: Buffer): object | DecodeFailure =>
  definition.event === undefined
    ? decodeValue(definition.name as 'Batch', bytes, fingerprint(definition))
    : decode(bytes)

test('there are golden bytes for every version, and for no other', () => {
  const expected = versions.map(({ file, sum }) => `${file} ${sum}`)
  const actual = Object.entries(golden).map(([file, { sum }]) => `${file} ${sum}`)
  assert.deepEqual(actual.sort(), expected.sort(), 'Run `npm run generate`.')
})

for (const { file, version, definition } of versions) {
  const isNewest = !versions.some(
    (it) => it.definition.name === definition.name && it.version > version,
  )

  test(`${file} is written as the golden bytes say`, () => {
    assert.deepEqual(goldenSamples(definition), golden[file]?.samples)
  })

  test(`${file} is read from its golden bytes`, () => {
    for (const sampleCase of sampleCases) {
      const sample = golden[file]?.samples[sampleCase]
      assert.ok(sample)
      const decoded = read(definition, Buffer.from(sample.hex, 'hex'))
      assert.ok(!isDecodeFailure(decoded), JSON.stringify(decoded))
      if (isNewest) assert.deepEqual(decoded, sample.value)
    }
  })
}
