/** What the endpoint manager knows. All functions of values. */
import { type InstantMs, instant } from '../../schemas/brand.ts'
import type { Assignment, EndpointCommanded, RedirectReported } from '../../schemas/messages.ts'
import type { Draft, EndpointManagerInput } from './protocol.ts'
import { isSameTarget, targetFault } from './target.ts'

export type EndpointManagerContext = EndpointManagerInput & {
  readonly current: Assignment | null
  /** The current endpoint has taken something under the current assignment. */
  readonly standing: 'unproven' | 'proven'
  /** The last endpoint that had proved itself before the current one. */
  readonly lastGood: string | null
  readonly failures: number
  /** Where redirects in a row came from, since an endpoint last took something. */
  readonly hops: readonly Hop[]
  readonly mode: 'following' | 'pinned'
  /** The assignment that is with the journal, and whose command it was. */
  readonly writing: Writing | null
  /** Writes so far: the number of the last one. */
  readonly writes: number
  /** The endpoint that was last rolled back from. */
  readonly gaveUp: Hop | null
  readonly commands: readonly Command[]
  /** Newest last. */
  readonly history: readonly Assignment[]
  readonly dueMs: InstantMs
}

export type Writing = {
  readonly write: number
  /** How often it was handed to the journal without an answer yet: one may fail, another be kept. */
  readonly out: number
  readonly draft: Draft
  readonly commandId: string | null
}
export type Hop = { readonly url: string; readonly atMs: InstantMs }
export type Command = Pick<EndpointCommanded, 'commandId' | 'url' | 'reason'>

export const initialContext = (input: EndpointManagerInput): EndpointManagerContext => ({
  ...input,
  current: null,
  standing: 'unproven',
  lastGood: null,
  failures: 0,
  hops: [],
  mode: 'following',
  writing: { write: 1, out: 0, draft: configuredDraft(input, input.startedAtMs), commandId: null },
  writes: 1,
  gaveUp: null,
  commands: [],
  history: [],
  dueMs: instant(input.startedAtMs + input.journalTimeoutMs),
})

/** Why a command is not taken, or `null`. */
export const commandFault = (
  context: EndpointManagerContext,
  { url }: { readonly url: string },
): string | null =>
  targetFault(url, { url: context.url, configured: context.url, allow: context.allow })

/** Why a redirect is not followed, or `null`. */
export const redirectFault = (
  context: EndpointManagerContext,
  { location }: RedirectReported,
  nowMs: InstantMs,
): string | null => {
  const from = context.current?.url ?? context.url
  if (context.mode === 'pinned') return 'an operator has pinned the endpoint'
  const fault = targetFault(location, { url: from, configured: context.url, allow: context.allow })
  if (fault !== null || location === null) return fault
  if (wasGivenUp(context, location, nowMs)) return `${location} only failed a short while ago`
  const hops = recentHops(context, nowMs)
  if (hops.length >= context.hopsMax) return `it would be hop ${hops.length + 1} in a row`
  const visited = [from, ...hops.map(({ url }) => url)]
  if (visited.some((url) => isSameTarget(url, location))) return `${location} leads in a circle`
  return null
}

const recentHops = (context: EndpointManagerContext, nowMs: InstantMs): readonly Hop[] =>
  context.hops.filter(({ atMs }) => isRecent(atMs, context, nowMs))

/** What lies ahead is of a former life, before the machine's clock was set back: it says nothing. */
const isRecent = (
  atMs: InstantMs,
  { hopTtlMs }: Pick<EndpointManagerContext, 'hopTtlMs'>,
  nowMs: InstantMs,
): boolean => atMs <= nowMs && nowMs - atMs < hopTtlMs

/** An endpoint that works is not left for one that was just rolled back from: that would never end. */
const wasGivenUp = (context: EndpointManagerContext, location: string, nowMs: InstantMs): boolean =>
  context.standing === 'proven' &&
  context.gaveUp !== null &&
  isRecent(context.gaveUp.atMs, context, nowMs) &&
  isSameTarget(context.gaveUp.url, location)

/** The same assignment is with the journal once more: what failed may still be kept. */
export const isWrittenAgain = ({ writing }: EndpointManagerContext): boolean =>
  writing !== null && writing.out > 1

/** The answer is to the write that is out, and its epoch is newer: epochs only grow. */
export const isAnswered = (
  { writing, current }: EndpointManagerContext,
  answer: { readonly write: number; readonly epoch?: number },
): boolean =>
  writing !== null &&
  answer.write === writing.write &&
  (answer.epoch === undefined || answer.epoch > (current?.epoch ?? -1))

export const isForCurrent = (
  { current }: EndpointManagerContext,
  { epoch }: { readonly epoch: number },
): boolean => current?.epoch === epoch

/** A new endpoint that only fails is given up for the one before, unless an operator pinned it. */
export const isGivenUp = (context: EndpointManagerContext): boolean =>
  context.mode === 'following' &&
  context.standing === 'unproven' &&
  context.lastGood !== null &&
  context.failures + 1 >= context.probationFailuresMax

export const redirecting = (
  context: EndpointManagerContext,
  { location, status }: RedirectReported,
  nowMs: InstantMs,
): EndpointManagerContext => ({
  ...writing(context, {
    url: location ?? context.url,
    reason: `${context.current?.url ?? ''} answered ${status}`,
    by: 'redirect',
    atMs: nowMs,
  }),
  hops: [...recentHops(context, nowMs), { url: context.current?.url ?? context.url, atMs: nowMs }],
})

export const rollingBack = (
  context: EndpointManagerContext,
  detail: string,
  nowMs: InstantMs,
): EndpointManagerContext => ({
  ...writing(context, {
    url: context.lastGood ?? context.url,
    reason: `${context.current?.url ?? ''} failed ${context.failures + 1} times at first: ${detail}`,
    by: 'rollback',
    atMs: nowMs,
  }),
  gaveUp: context.current === null ? null : { url: context.current.url, atMs: nowMs },
})

export const commanded = (
  context: EndpointManagerContext,
  { commandId, url, reason }: Command,
  nowMs: InstantMs,
): EndpointManagerContext => ({
  ...writing(context, { url, reason, by: 'operator', atMs: nowMs }, commandId),
  hops: [],
  gaveUp: null,
})

/** The endpoint of the configuration, which is where a route begins. */
export const configured = (
  context: EndpointManagerContext,
  nowMs: InstantMs,
): EndpointManagerContext => writing(context, configuredDraft(context, nowMs))

const configuredDraft = ({ url }: EndpointManagerInput, atMs: InstantMs): Draft => ({
  url,
  reason: 'configured',
  by: 'configuration',
  atMs,
})

const writing = (
  context: EndpointManagerContext,
  draft: Draft,
  commandId: string | null = null,
): EndpointManagerContext => ({
  ...context,
  writing: { write: context.writes + 1, out: 0, draft, commandId },
  writes: context.writes + 1,
  dueMs: instant(draft.atMs + context.journalTimeoutMs),
})

/** Takes over an assignment that is durable. An endpoint that was rolled back to is not left again. */
export const assigned = (
  context: EndpointManagerContext,
  assignment: Assignment,
): EndpointManagerContext => {
  const { current, standing, history, historyMax } = context
  const wasGood = standing === 'proven' && current !== null ? current.url : context.lastGood
  return {
    ...context,
    current: assignment,
    standing: 'unproven',
    lastGood: assignment.by === 'rollback' || wasGood === assignment.url ? null : wasGood,
    failures: 0,
    writing: null,
    history: [...history, assignment].slice(-historyMax),
  }
}
