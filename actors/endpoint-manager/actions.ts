/** What the endpoint manager decides by and does. `machine.ts` says when. */
import { assign, setup } from 'xstate'
import { type InstantMs, instant } from '../../schemas/brand.ts'
import type { Assignment, AttemptReported, RedirectReported } from '../../schemas/messages.ts'
import { effect, timer } from '../kit/port.ts'
import { type StateMeta, waiting } from '../kit/state.ts'
import type { Tell } from '../kit/tell.ts'
import {
  assigned,
  type Command,
  commanded,
  commandFault,
  configured,
  type EndpointManagerContext,
  isAnswered,
  isForCurrent,
  isGivenUp,
  isWrittenAgain,
  redirectFault,
  redirecting,
  rollingBack,
} from './context.ts'
import type {
  EndpointManagerEffects,
  EndpointManagerInbox,
  EndpointManagerInput,
} from './protocol.ts'

export const machine = setup({
  types: {
    input: {} as EndpointManagerInput,
    context: {} as EndpointManagerContext,
    events: {} as EndpointManagerInbox,
    meta: {} as StateMeta,
  },
  actors: { timer },
  guards: {
    isAllowed: ({ context }, command: Command) => commandFault(context, command) === null,
    mayQueue: ({ context }, command: Command) =>
      commandFault(context, command) === null && context.commands.length < context.commandsMax,
    isOfBefore: ({ context }, answer: { write: number; epoch?: number }) =>
      !isAnswered(context, answer),
    isWrittenAgain: ({ context }) => isWrittenAgain(context),
    hasCommand: ({ context }) => context.commands.length > 0,
    isCurrent: ({ context }, report: { epoch: number }) => isForCurrent(context, report),
    isFollowed: ({ context, event }, report: RedirectReported) =>
      isForCurrent(context, report) && redirectFault(context, report, event.nowMs) === null,
    isGood: ({ context }, report: AttemptReported) =>
      report.healthy && isForCurrent(context, report),
    isLastStraw: ({ context }, report: AttemptReported) =>
      !report.healthy && isForCurrent(context, report) && isGivenUp(context),
    isPinned: ({ context }) => context.mode === 'pinned',
    isProven: ({ context }) => context.standing === 'proven',
    isUnassigned: ({ context }) => context.current === null,
    isFailure: ({ context }, report: AttemptReported) =>
      !report.healthy && isForCurrent(context, report),
  },
  actions: {
    tell: effect<Tell<'dispatcher'>>('tell'),
    journalAssignment: effect<EndpointManagerEffects['journalAssignment']>('journalAssignment'),
    answerCommand: effect<EndpointManagerEffects['answerCommand']>('answerCommand'),
    announce: effect<EndpointManagerEffects['announce']>('announce'),
    defer: effect('defer'),
    fault: effect<{ why: string }>('fault'),
    command: assign(({ context, event }, command: Command) =>
      commanded(context, command, event.nowMs),
    ),
    queue: assign({
      commands: ({ context }, { commandId, url, reason }: Command) => [
        ...context.commands,
        { commandId, url, reason },
      ],
    }),
    commandNext: assign(({ context, event }) => {
      const [next, ...commands] = context.commands
      return next === undefined ? {} : { ...commanded(context, next, event.nowMs), commands }
    }),
    redirect: assign(({ context, event }, report: RedirectReported) =>
      redirecting(context, report, event.nowMs),
    ),
    prove: assign({ standing: 'proven', failures: 0, hops: [] }),
    countFailure: assign({ failures: ({ context }) => context.failures + 1 }),
    pin: assign({ mode: 'pinned' }),
    unpin: assign({ mode: 'following' }),
    countFailedWrite: assign({
      writing: ({ context: { writing } }) =>
        writing === null ? null : { ...writing, out: writing.out - 1 },
    }),
    writeConfigured: assign(({ context, event }) => configured(context, event.nowMs)),
    writeLater: assign({
      dueMs: ({ context, event }): InstantMs => instant(event.nowMs + context.journalTimeoutMs),
    }),
  },
})

export const state = machine.createStateConfig
export const waits = waiting<'endpoint-manager', EndpointManagerContext>()

export const write = machine.enqueueActions(({ context, enqueue }) => {
  if (context.writing === null) return
  const { write, out, draft } = context.writing
  enqueue.assign({ writing: { ...context.writing, out: out + 1 } })
  enqueue({ type: 'journalAssignment', params: { ...draft, write } })
})

/** An assignment is durable: from now on it may be told. */
export const adopt = machine.enqueueActions(({ context, event, enqueue }) => {
  if (event.type !== 'assignment.journaled' || context.writing === null) return
  const { draft, commandId } = context.writing
  const assignment: Assignment = { ...draft, epoch: event.epoch }
  const from = context.current?.url ?? null
  enqueue.assign(assigned(context, assignment))
  enqueue({
    type: 'tell',
    params: { to: 'dispatcher', message: { type: 'endpoint.assigned', assignment } },
  })
  enqueue({ type: 'announce', params: { kind: 'assigned', assignment, from } })
  if (commandId !== null) {
    enqueue({
      type: 'answerCommand',
      params: { commandId, result: { kind: 'assigned', assignment } },
    })
  }
})

export const tellCurrent = machine.enqueueActions(({ context, enqueue }) => {
  if (context.current === null) return
  const message = { type: 'endpoint.assigned', assignment: context.current } as const
  enqueue({ type: 'tell', params: { to: 'dispatcher', message } })
})

export const refuseCommand = machine.enqueueActions(({ context, event, enqueue }) => {
  if (event.type !== 'endpoint.commanded') return
  const fault = commandFault(context, event)
  const result =
    fault === null
      ? ({
          kind: 'refused',
          why: 'busy',
          reason: `${context.commands.length} commands wait`,
        } as const)
      : ({ kind: 'refused', why: 'not_allowed', reason: fault } as const)
  enqueue({ type: 'answerCommand', params: { commandId: event.commandId, result } })
})

export const failCommand = machine.enqueueActions(({ context, event, enqueue }) => {
  if (event.type !== 'journal.failed') return
  const commandId = context.writing?.commandId ?? null
  enqueue.assign({ writing: null })
  enqueue({ type: 'fault', params: { why: event.detail } })
  if (commandId === null) return
  const result = { kind: 'refused', why: 'failed', reason: event.detail } as const
  enqueue({ type: 'answerCommand', params: { commandId, result } })
})

export const refuseRedirect = machine.enqueueActions(({ context, event, enqueue }) => {
  if (event.type !== 'redirect.reported') return
  const reason = redirectFault(context, event, event.nowMs) ?? 'it is out of date'
  const { sendId, epoch, location } = event
  const message = { type: 'redirect.refused', sendId, epoch, reason } as const
  enqueue({ type: 'tell', params: { to: 'dispatcher', message } })
  enqueue({ type: 'announce', params: { kind: 'redirectRefused', location, reason } })
})

export const rollBack = machine.enqueueActions(({ context, event, enqueue }) => {
  if (event.type !== 'attempt.reported') return
  const next = rollingBack(context, event.detail, event.nowMs)
  enqueue.assign(next)
  const from = context.current?.url ?? ''
  const { url, reason } = next.writing?.draft ?? { url: '', reason: '' }
  enqueue({ type: 'announce', params: { kind: 'rolledBack', from, to: url, reason } })
})

export const confirm = machine.enqueueActions(({ context, enqueue }) => {
  if (context.current === null) return
  enqueue({ type: 'announce', params: { kind: 'confirmed', assignment: context.current } })
})
