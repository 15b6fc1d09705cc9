import avro, { type Schema, type Type } from 'avsc'
import { crc64Avro } from './crc64.ts'
import { type Definition, namespace } from './definition.ts'

/** The avsc types of definitions that stand in order, by bare name. */
export const typesOf = (inOrder: readonly Definition[]): ReadonlyMap<string, Type> => {
  const registry: Record<string, Type> = {}
  for (const definition of inOrder) {
    const schema = definition as unknown as Schema
    avro.Type.forSchema(schema, { registry, wrapUnions: 'never', omitRecordMethods: true })
  }
  for (const type of Object.values(registry)) {
    if (!(type instanceof avro.types.RecordType)) continue
    // avsc makes records with a constructor. With this prototype they are plain objects, as JSON makes
    // them: equal to literals, and safe in the context of a machine.
    const record: { prototype: unknown } = type.recordConstructor
    record.prototype = Object.prototype
  }
  const named = Object.entries(registry).filter(([name]) => name.startsWith(`${namespace}.`))
  return new Map(named.map(([name, type]) => [name.slice(namespace.length + 1), type]))
}

/** CRC-64-AVRO of the parsing canonical form, which is what avsc's `schema()` answers, as a value. */
export const fingerprintOfType = (type: Type): bigint =>
  crc64Avro(Buffer.from(JSON.stringify(type.schema())))
