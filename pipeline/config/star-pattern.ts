/**
 * Whether a text is what a pattern stands for, in which `*` is any text. Each piece between stars is
 * taken at its earliest place, so the time is bounded.
 */
export const isMatch = (pattern: string, text: string): boolean => {
  const [first = '', ...rest] = pattern.split('*')
  const last = rest.pop()
  if (last === undefined) return pattern === text
  if (!text.startsWith(first) || text.length < first.length + last.length) return false
  let from = first.length
  const end = text.length - last.length
  for (const piece of rest) {
    const at = text.indexOf(piece, from)
    if (at === -1 || at + piece.length > end) return false
    from = at + piece.length
  }
  return text.endsWith(last)
}
