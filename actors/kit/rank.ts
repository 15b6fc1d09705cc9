/**
 * Who may wait on whom. An actor waits only on an actor below it, so no circle of waits can be
 * written down: the types refuse an upward or a sideways wait.
 */
export const order = [
  'collector',
  'cache',
  'dispatcher',
  'delivery',
  'endpoint-manager',
  'outside',
] as const
export type Actor = Exclude<(typeof order)[number], 'outside'>
/** Disk and network rank below every actor: they never wait on us. */
export type Awaitable = (typeof order)[number]

type After<Name, Names extends readonly unknown[]> = Names extends readonly [
  infer First,
  ...infer Rest,
]
  ? First extends Name
    ? Rest[number]
    : After<Name, Rest>
  : never

/** The actors that rank below `Name`. */
export type Below<Name extends Actor> = After<Name, typeof order> & Awaitable
