/** Which actors have come to their end, and who waits for that. */
export type Endings = {
  readonly note: (actor: string) => void
  readonly of: (actor: string) => Promise<void>
}

export const openEndings = (): Endings => {
  const endings = new Map<string, PromiseWithResolvers<void>>()
  const endingOf = (actor: string): PromiseWithResolvers<void> => {
    const ending = endings.get(actor) ?? Promise.withResolvers<void>()
    endings.set(actor, ending)
    return ending
  }
  return { note: (actor) => endingOf(actor).resolve(), of: (actor) => endingOf(actor).promise }
}
