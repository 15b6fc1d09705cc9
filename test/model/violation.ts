/** Something that must hold does not. */
export class Violation extends Error {
  override readonly name = 'Violation'
}

export const holds = (condition: boolean, what: () => string): void => {
  if (!condition) throw new Violation(what())
}
