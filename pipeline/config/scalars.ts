import { z } from 'zod'
import { endpointUrl, hostPattern, listenAddress, tenancyHeader, webhookUrl } from './addresses.ts'
import { type Read, read, wrong } from './fault.ts'
import {
  byteCount,
  bytesPattern,
  byteText,
  durationMs,
  durationPattern,
  durationText,
} from './units.ts'

/** The kinds of single values that a configuration file holds, each read to its meaning at once. */

/** What is allowed beside a problem, carried through zod in the parameters of an issue. */
export const allowedIn = (params: unknown): string | undefined =>
  typeof params === 'object' && params !== null && 'allowed' in params
    ? String(params.allowed)
    : undefined

const scalar = <Value>(
  reads: (text: string) => Read<Value>,
  meta: { readonly description: string; readonly [key: string]: unknown },
) =>
  z
    .union([z.string(), z.number()])
    .transform((written, context): Value => {
      const answer = reads(String(written).trim())
      if (answer.kind === 'read') return answer.value
      const { problem, allowed } = answer
      context.addIssue({ code: 'custom', message: problem, params: { allowed } })
      return z.NEVER
    })
    .meta({ type: ['string', 'number'], ...meta })

export const scalarText = <Value>(
  reads: (text: string) => Read<Value>,
  meta: { readonly description: string; readonly [key: string]: unknown },
) => scalar(reads, { ...meta, type: 'string' })

type Range = { readonly min: number; readonly max: number }
const within =
  (reads: (text: string) => Read<number>, range: Range, show: (value: number) => string) =>
  (written: string): Read<number> => {
    const answer = reads(written)
    if (answer.kind === 'wrong') return answer
    const allowed = `allowed: ${show(range.min)} to ${show(range.max)}`
    if (answer.value < range.min) return wrong(`${written} is too little`, allowed)
    if (answer.value > range.max) return wrong(`${written} is too much`, allowed)
    return answer
  }

/** Read to milliseconds. */
export const duration = (range: Range, description: string) =>
  scalar(within(durationMs, range, durationText), {
    description: `${description} Duration, ${durationText(range.min)} to ${durationText(range.max)}.`,
    pattern: durationPattern,
    examples: ['200ms', '10s', '1m'],
  })

/** Read to bytes. */
export const size = (range: Range, description: string) =>
  scalar(within(byteCount, range, byteText), {
    description: `${description} Size, ${byteText(range.min)} to ${byteText(range.max)}.`,
    pattern: bytesPattern,
    examples: ['500KB', '8MiB', '1GiB'],
  })

/** A whole number. Digits in a string count too, since `${NAME}` always gives a string. */
export const count = (range: Range, description: string) =>
  scalar(within(wholeNumber, range, String), {
    description: `${description} ${range.min} to ${range.max}.`,
    type: ['integer', 'string'],
    pattern: String.raw`^\d+$`,
  })

const wholeNumber = (written: string): Read<number> =>
  /^\d{1,15}$/.test(written)
    ? read(Number(written))
    : wrong(`"${written}" is no whole number`, 'allowed: digits')

export const listen = (description: string) =>
  scalarText(listenAddress, { description, examples: ['127.0.0.1:4318', '[::1]:4318', ':4318'] })

export const url = (description: string) =>
  scalarText(endpointUrl, { description, examples: ['https://logs.example.com'] })

export const webhook = (description: string) =>
  scalarText(webhookUrl, { description, examples: ['https://hooks.example.com/holdfast'] })

export const hosts = (description: string) =>
  scalarText(hostPattern, { description, examples: ['*.example.com', 'eu.example.net'] })

export const headerKey = (description: string) => scalarText(tenancyHeader, { description })

/** Text of a few characters without control characters; `pattern` narrows it, `allowed` says how. */
export const word = (given: {
  readonly description: string
  readonly pattern: RegExp
  readonly allowed: string
}) =>
  scalarText(
    (written) =>
      given.pattern.test(written)
        ? read(written)
        : wrong(`"${written.slice(0, 80)}" cannot stand here`, given.allowed),
    { description: given.description, pattern: given.pattern.source },
  )

/** Text that may be a secret: it is never repeated. */
export const hidden = (description: string) => scalarText(read, { description })
