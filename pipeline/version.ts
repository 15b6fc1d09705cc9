import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** The nearest package.json above is ours, in a checkout (pipeline/) and installed (dist/pipeline/). */
const manifest = (folder: string): string => {
  const file = join(folder, 'package.json')
  if (existsSync(file)) return file
  if (dirname(folder) === folder)
    throw new Error(
      `Holdfast looked for its package.json above ${import.meta.dirname}: none there.`,
    )
  return manifest(dirname(folder))
}

const read = (): string => {
  const parsed: unknown = JSON.parse(readFileSync(manifest(import.meta.dirname), 'utf8'))
  return typeof parsed === 'object' && parsed !== null && 'version' in parsed
    ? String(parsed.version)
    : 'unknown'
}

/** The version of this package. */
export const version = read()
