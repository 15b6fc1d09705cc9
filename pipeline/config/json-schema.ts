/**
 * Writes `config.schema.json`, for editors and for whoever checks configurations elsewhere:
 * `node pipeline/config/json-schema.ts`. A test fails when it lags behind `schema.ts`.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { fileSchema } from './schema.ts'

export const configJsonSchema = (): string => {
  const schema = z.toJSONSchema(fileSchema, {
    io: 'input',
    target: 'draft-2020-12',
    override: ({ jsonSchema }) => {
      // A scalar says its type itself; the union it is read by would only say it again.
      if (jsonSchema.type !== undefined) delete jsonSchema.anyOf
      // What stands for a value of the environment is not known to be wrong.
      if (jsonSchema.pattern !== undefined) jsonSchema.pattern += String.raw`|\$\{`
    },
  })
  return `${JSON.stringify({ ...schema, title: 'Holdfast configuration' }, null, 2)}\n`
}

if (import.meta.main)
  writeFileSync(join(import.meta.dirname, 'config.schema.json'), configJsonSchema())
