/**
 * Commands that the manager has taken and not answered. If it loses its place meanwhile, the next one has
 * to read them again, so that the group does not commit beyond them.
 */
import type { Message } from '../../schemas/messages.ts'

export type CommandsTaken = {
  readonly taken: (message: Message, offset: number) => void
  readonly answered: (commandId: string) => void
  /** They are read again, by whoever has the place next. */
  readonly forget: () => void
}

/** @param commit is told below which offset everything was answered. */
export const openCommands = (commit: (offset: number) => void): CommandsTaken => {
  const open = new Map<string, number>()
  let readTo = 0
  const settle = (): void => {
    if (readTo > 0) commit(Math.min(readTo, ...open.values()))
  }
  return {
    taken: (message, offset) => {
      readTo = offset + 1
      // To pin is answered by nobody: it is obeyed when it is taken.
      if (message.type === 'endpoint.commanded') open.set(message.commandId, offset)
      else settle()
    },
    answered: (commandId) => {
      if (open.delete(commandId)) settle()
    },
    forget: () => {
      open.clear()
      readTo = 0
    },
  }
}
