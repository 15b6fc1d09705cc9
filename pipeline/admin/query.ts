import { looksLikeDropId } from '../../infra/ledger/drop-id.ts'
import { bareAllowed, type Read, read, wrong } from '../config/fault.ts'
import { durationMs } from '../config/units.ts'
import { type Answer, refusal } from './answer.ts'

type Parameters<Values> = {
  readonly [Name in keyof Values]: (text: string) => Read<Values[Name]>
}
export type Query<Values> =
  | { readonly kind: 'query'; readonly values: Partial<Values> }
  | { readonly kind: 'refused'; readonly answer: Answer }

/** The parameters of a call. An unknown one is refused: a filter misspelt would show too much. */
export const queryOf = <Values>(
  search: URLSearchParams,
  parameters: Parameters<Values>,
): Query<Values> => {
  const values: Partial<Values> = {}
  const seen = new Set<string>()
  for (const [name, text] of search) {
    if (!Object.hasOwn(parameters, name))
      return refused(`there is no parameter "${name}"`, Object.keys(parameters))
    if (seen.has(name)) return refused(`the parameter ${name} is here twice`, 'once')
    seen.add(name)
    const key = name as keyof Values
    const answer = parameters[key](text)
    if (answer.kind === 'wrong') return refused(`${name}: ${answer.problem}`, bareAllowed(answer))
    values[key] = answer.value
  }
  return { kind: 'query', values }
}

const refused = (error: string, allowed: unknown): Query<never> => ({
  kind: 'refused',
  answer: refusal({ status: 400, error, allowed }),
})

const nameCharsMax = 256
export const name = (text: string): Read<string> =>
  text !== '' && text.length <= nameCharsMax
    ? read(text)
    : wrong('this is no name', `1 to ${nameCharsMax} characters`)

export const wholeNumber =
  (range: { readonly min: number; readonly max: number }) =>
  (text: string): Read<number> => {
    const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN
    return value >= range.min && value <= range.max
      ? read(value)
      : wrong(`"${text.slice(0, 40)}" is out of range`, `${range.min} to ${range.max}`)
  }

export const oneOf =
  <Name extends string>(names: readonly Name[]) =>
  (text: string): Read<Name> => {
    const found = names.find((known) => known === text)
    return found === undefined
      ? wrong(`"${text.slice(0, 40)}" is not known`, names.join(', '))
      : read(found)
  }

export const cursor = (text: string): Read<string> =>
  /^[\w.:~=-]{1,256}$/.test(text) && looksLikeDropId(text)
    ? read(text)
    : wrong('this is no cursor', 'the cursor of an earlier answer, or the id of a drop event')

const instantAllowed =
  'RFC 3339 such as 2026-11-24T10:00:00Z, milliseconds since 1970, or an age such as 15m'
const rfc3339 = /^\d{4}-\d\d-\d\d([Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:\d\d))?$/

/** An instant in milliseconds: RFC 3339, epoch milliseconds, or so long ago. */
export const instantBefore =
  (nowMs: number) =>
  (text: string): Read<number> => {
    if (/^\d{1,15}$/.test(text)) return read(Number(text))
    // An unescaped + in a query is a space.
    const ms = rfc3339.test(text.replace(/ (\d\d:\d\d)$/, '+$1'))
      ? Date.parse(text.replace(/ (\d\d:\d\d)$/, '+$1'))
      : Number.NaN
    if (!Number.isNaN(ms)) return read(ms)
    const age = durationMs(text)
    return age.kind === 'read'
      ? read(Math.max(0, nowMs - age.value))
      : wrong(`"${text.slice(0, 40)}" is no time`, instantAllowed)
  }
