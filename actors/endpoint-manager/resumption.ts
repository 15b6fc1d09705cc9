/** How the endpoint manager comes back: what it knew last, and what the journal knows better. */
import type { Assignment } from '../../schemas/messages.ts'
import { assigned, type Command, type EndpointManagerContext, initialContext } from './context.ts'
import type { EndpointManagerInput } from './protocol.ts'

export type Resumption = {
  readonly value: 'probation' | 'active' | 'pinned'
  readonly context: EndpointManagerContext
  /** Commands that were taken and never made durable: nobody was told that they were. */
  readonly unkept: readonly Command[]
}

/**
 * A command is answered once its assignment is durable, and the state of the actor is stored after
 * that: so a stored state may be older than what operators were told. Each assignment that it does not
 * know is taken over. What it was writing is among them, or nobody was told of it; to write it once
 * more could undo a later command. `undefined` where nothing was ever assigned.
 */
export const resumption = (
  former: EndpointManagerContext | undefined,
  {
    input,
    assignments,
  }: { readonly input: EndpointManagerInput; readonly assignments: readonly Assignment[] },
): Resumption | undefined => {
  const known = former?.current?.epoch ?? -1
  const newer = assignments.filter(({ epoch }) => epoch > known)
  const context = newer.reduce(assigned, { ...(former ?? initialContext(input)), ...input })
  if (context.current === null) return undefined
  const unkept = commandsIn(former).filter(
    ({ url, reason }) => !newer.some((it) => it.url === url && it.reason === reason),
  )
  return { value: stateOf(context), context: { ...context, writing: null, commands: [] }, unkept }
}

const commandsIn = (former: EndpointManagerContext | undefined): readonly Command[] => {
  const { commandId, draft } = former?.writing ?? {}
  const queued = former?.commands ?? []
  if (draft === undefined || commandId === undefined || commandId === null) return queued
  return [{ commandId, url: draft.url, reason: draft.reason }, ...queued]
}

const stateOf = ({ mode, standing }: EndpointManagerContext): Resumption['value'] => {
  if (mode === 'pinned') return 'pinned'
  return standing === 'proven' ? 'active' : 'probation'
}
