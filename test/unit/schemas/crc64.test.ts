import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc64Avro } from '../../../schemas/crc64.ts'

/** Made with Apache Avro's and fastavro's own implementations, which agree. */
const vectors = {
  '': 0xc15d213aa4d7a795n,
  '"null"': 0x63dd24e7cc258f8an,
  '"int"': 0x7275d51a3f395c8fn,
  '"string"': 0x8f014872634503c7n,
}

for (const [text, fingerprint] of Object.entries(vectors)) {
  test(`the fingerprint of the schema ${text === '' ? 'of no bytes' : text} is Avro's`, () => {
    assert.equal(crc64Avro(Buffer.from(text)), fingerprint)
  })
}
