import avro, { type Schema } from 'avsc'
import { definitions } from './avro.ts'
import { fingerprintOfType } from './avro-types.ts'
import { byName, namespace, selfContained } from './definition.ts'
import type { MessageType } from './messages.ts'

/** A schema as a registry keeps it: with all that it needs, by its full name. */
export type RegisteredSchema = { readonly name: string; readonly text: string }

const names = byName(definitions)

/** @throws {RangeError} for what is no message. */
export const registeredSchema = (type: MessageType): RegisteredSchema => {
  for (const definition of names.values()) {
    if (definition.type !== 'record' || definition.event !== type) continue
    // `event` is ours: it says nothing to whoever reads the registry.
    const { event: _, ...record } = { ...selfContained(definition, names), event: type }
    return { name: `${namespace}.${definition.name}`, text: JSON.stringify(record) }
  }
  throw new RangeError(`No schema is that of a message "${type}".`)
}

/** The fingerprint of a schema, whoever wrote it down; null for what is no Avro schema. */
export const fingerprintOfSchema = (text: string): bigint | null => {
  try {
    const schema = JSON.parse(text) as Schema
    return fingerprintOfType(avro.Type.forSchema(schema, { registry: {}, wrapUnions: 'never' }))
  } catch (cause) {
    if (cause instanceof Error) return null
    throw cause
  }
}
