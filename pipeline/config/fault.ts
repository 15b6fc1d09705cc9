/** One thing wrong with a configuration, in the words of whoever wrote the file. */
export type Fault = {
  /** Keys from the root of the file; empty for the file as a whole. */
  readonly path: readonly (string | number)[]
  readonly problem: string
  readonly allowed: string
  /** From 1; null where it cannot be told. */
  readonly line: number | null
}
/** What is wrong with one value. It never repeats what may be a secret. */
export type Wrong = { readonly kind: 'wrong'; readonly problem: string; readonly allowed: string }
export type Read<Value> = { readonly kind: 'read'; readonly value: Value } | Wrong

export const read = <Value>(value: Value): Read<Value> => ({ kind: 'read', value })
export const wrong = (problem: string, allowed: string): Wrong => ({
  kind: 'wrong',
  problem,
  allowed,
})

/** What is allowed, without the word: for an answer that has it in a field of that name. */
export const bareAllowed = ({ allowed }: Wrong): string => allowed.replace(/^allowed: /, '')

/** `path.in.file: what is wrong; what is allowed (file:line)` */
export const faultText = (fault: Fault, file: string): string => {
  const where = fault.path.length === 0 ? '' : `${pathText(fault.path)}: `
  return `${where}${fault.problem}; ${fault.allowed} (${file}${fault.line === null ? '' : `:${fault.line}`})`
}

/** `endpoint.redirects.allow[0].host` */
export const pathText = (path: readonly (string | number)[]): string =>
  path
    .map((key, index) => (typeof key === 'number' ? `[${key}]` : index === 0 ? key : `.${key}`))
    .join('')

const distanceMax = 3
const wordCharsMax = 64

/** The word that was probably meant; undefined when none is near. */
export const nearest = (word: string, known: readonly string[]): string | undefined => {
  if (word.length > wordCharsMax) return undefined
  const ranked = known
    .map((candidate) => ({ candidate, distance: distance(word.toLowerCase(), candidate) }))
    .sort((one, other) => one.distance - other.distance)
  const [best] = ranked
  const near = best !== undefined && best.distance <= Math.min(distanceMax, word.length / 2)
  return near ? best.candidate : undefined
}

/** `; did you mean "…"?` or nothing, for the end of a problem. */
export const meant = (word: string, known: readonly string[]): string => {
  const candidate = nearest(word, known)
  return candidate === undefined ? '' : `, did you mean "${candidate}"?`
}

/** How many letters to insert, remove or change (Levenshtein). */
const distance = (from: string, to: string): number => {
  let above = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (const [row, letter] of [...from].entries()) {
    const current = [row + 1]
    for (let column = 1; column <= to.length; column += 1) {
      const changed = (above[column - 1] ?? 0) + (to[column - 1] === letter ? 0 : 1)
      const removed = (above[column] ?? 0) + 1
      const inserted = (current[column - 1] ?? 0) + 1
      current.push(Math.min(changed, removed, inserted))
    }
    above = current
  }
  return above[to.length] ?? 0
}
