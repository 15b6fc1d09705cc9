/**
 * What an inspector is shown of a value: its beginning. Bytes are counted and not shown, and what may be a
 * secret is not shown at all, whatever an actor comes to hold one day.
 */

/** How much of one value is looked at: a cache may know hundreds of batches. */
const valuesMax = 200
const depthMax = 6
const itemsMax = 4
const keysMax = 40
const charsMax = 240

const secretName =
  /authori[sz]ation|bearer|cookie|credential|header|pass(?:word|phrase)|secret|token|api.?key/i
const hidden = '(hidden)'

export const shown = (value: unknown): unknown => {
  let left = valuesMax
  const look = (it: unknown, depth: number): unknown => {
    left -= 1
    if (typeof it === 'string') return text(it)
    if (typeof it === 'bigint') return String(it)
    if (typeof it === 'function' || typeof it === 'symbol') return undefined
    if (typeof it !== 'object' || it === null) return it
    if (ArrayBuffer.isView(it) || it instanceof ArrayBuffer) return `${it.byteLength} bytes`
    if (depth >= depthMax || left <= 0) return Array.isArray(it) ? `${it.length} items` : '…'
    if (it instanceof Error) return { name: it.name, message: text(it.message) }
    return Array.isArray(it) ? list(it, depth) : mapping(it, depth)
  }
  const list = (items: readonly unknown[], depth: number): unknown => {
    const first = items.slice(0, itemsMax).map((item) => look(item, depth + 1))
    return items.length > itemsMax ? [...first, `… ${items.length - itemsMax} more`] : first
  }
  const mapping = (it: object, depth: number): unknown => {
    const all = Object.keys(it)
    const entries = all
      .slice(0, keysMax)
      .map((key): readonly [string, unknown] => [
        text(key),
        secretName.test(key) ? hidden : look((it as Record<string, unknown>)[key], depth + 1),
      ])
    const more = all.length - entries.length
    return Object.fromEntries(more > 0 ? [...entries, ['…', `${more} more`]] : entries)
  }
  return look(value, 0)
}

/** A URL is shown without what may be a password or a key in it. */
const text = (value: string): string => {
  const plain = value.replaceAll(/(\bhttps?:\/\/)[^\s/@]*@/g, `$1${hidden}@`)
  const safe = plain.replaceAll(/(\bhttps?:\/\/[^\s?#]*)[?#]\S*/g, `$1?${hidden}`)
  return safe.length > charsMax ? `${safe.slice(0, charsMax)}…` : safe
}
