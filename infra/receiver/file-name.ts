import { createHash } from 'node:crypto'

const nameCharsMax = 100
const hashChars = 16

/**
 * A name from the wire as the name of a file or folder in a folder of ours. Letters, digits, `_`, `-`
 * and dots inside a name stay; every other byte is percent-encoded. So no name can be a path, hidden,
 * a device, or one of the files that the receiver itself writes (`*.ndjson`); and two names never
 * become one, on a file system that tells upper from lower case.
 */
export const fileName = (name: string): string => {
  const plain = encodeURIComponent(name.toWellFormed()).replaceAll(/[!'()*~]/g, percent)
  const dotless = /^\.|\.$|\.ndjson/i.test(plain) ? plain.replaceAll('.', '%2E') : plain
  // An empty name, and on Windows those of devices, are no file names.
  const named = /^(|con|nul|aux|prn|com\d|lpt\d)$/i.test(dotless) ? `%${dotless}` : dotless
  if (named.length <= nameCharsMax) return named
  const hash = createHash('sha256').update(name).digest('hex').slice(0, hashChars)
  return `${named.slice(0, nameCharsMax - hashChars - 1)}~${hash}`
}

const percent = (character: string): string =>
  `%${character.charCodeAt(0).toString(16).toUpperCase()}`
