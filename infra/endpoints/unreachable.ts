import { printable } from './answer-message.ts'

const causesMax = 5

/** Why there was no answer: the code of the innermost cause that has one, and what it says. */
export const unreachableDetail = (error: unknown): string => {
  const causes = causesOf(error)
  const cause = causes.findLast((one) => codeOf(one) !== undefined) ?? causes.at(-1)
  const message = printable(cause?.message ?? String(error))
  const code = cause === undefined ? undefined : codeOf(cause)
  if (code === undefined) return message
  return message.includes(code) ? message : `${code}: ${message}`
}

/** The error and what it was caused by, inwards. Of several tries at connecting, the last. */
const causesOf = (error: unknown): readonly Error[] => {
  const causes: Error[] = []
  let next = error
  while (next instanceof Error && causes.length < causesMax) {
    causes.push(next)
    next = next instanceof AggregateError ? next.errors.at(-1) : next.cause
  }
  return causes
}

/** Errors of the HTTP parser have no code of their own, but a name that says as much. */
const codeOf = (error: Error): string | undefined => {
  if ('code' in error && typeof error.code === 'string' && error.code !== '') return error.code
  return error.name === 'Error' ? undefined : error.name
}
