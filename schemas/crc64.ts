/**
 * CRC-64-AVRO: the fingerprint of a schema, over its parsing canonical form in UTF-8. avsc has none.
 * @see Apache Avro 1.12 specification, "Schema Fingerprints"
 */
const empty = 0xc15d213aa4d7a795n

const table = Array.from({ length: 256 }, (_, index) => {
  let row = BigInt(index)
  for (let bit = 0; bit < 8; bit += 1) row = (row >> 1n) ^ (row & 1n ? empty : 0n)
  return row
})

/** An unsigned 64-bit number. It is made once for each schema, so its speed does not matter. */
export const crc64Avro = (bytes: Uint8Array): bigint =>
  bytes.reduce(
    (crc, byte) => (crc >> 8n) ^ (table[Number((crc ^ BigInt(byte)) & 0xffn)] ?? 0n),
    empty,
  )
