import type { Priority } from '../../schemas/messages.ts'

/** Streams whose records are of a class; null matches every one. `*` stands for any text. */
export type PriorityRule = {
  readonly service: string | null
  readonly tenant: string | null
  readonly class: Priority
}

/** The class of a stream: that of the first rule that matches, otherwise `normal`. */
export const priorityBy =
  (rules: readonly PriorityRule[]) =>
  (tenant: string, service: string): Priority =>
    rules.find(
      (rule) =>
        (rule.tenant === null || matches(rule.tenant, tenant)) &&
        (rule.service === null || matches(rule.service, service)),
    )?.class ?? 'normal'

/** Each piece between stars is taken at its earliest place, so the time is bounded. */
const matches = (pattern: string, text: string): boolean => {
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
