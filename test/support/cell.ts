import assert from 'node:assert/strict'
import type { AnyMachineSnapshot, AnyStateMachine } from 'xstate'
import { labelOf, type Step } from './drive.ts'

/**
 * A cell of a table state × message: what the message does in the state, in short. `—` is nothing at
 * all, `defer` and `fault` leave everything as it is, and else it is the next state (`=` for the same
 * one) with the effects in their order, a message that is told by its type.
 */
export type Cell<State extends string> =
  | '—'
  | 'defer'
  | 'fault'
  | `${State | '='}${'' | ` ${string}`}`

/** The cell of a step from a snapshot. */
export const cellOf = <Machine extends AnyStateMachine>(
  before: AnyMachineSnapshot,
  { snapshot, effects }: Step<Machine>,
): string => {
  const after = snapshot as AnyMachineSnapshot
  const labels = effects.map(labelOf)
  const isSame = after.value === before.value && isEqual(after.context, before.context)
  if (isSame && labels.length === 0) return '—'
  if (isSame && labels.length === 1 && /^(defer|fault)$/.test(labels[0] ?? ''))
    return `${labels[0]}`
  return [after.value === before.value ? '=' : after.value, ...labels].join(' ')
}

const isEqual = (a: unknown, b: unknown): boolean => {
  try {
    assert.deepEqual(a, b)
    return true
  } catch (cause) {
    if (cause instanceof assert.AssertionError) return false
    throw cause
  }
}

/**
 * After a step the deadline of a waiting state is armed, once, for the instant that its context has;
 * a step that stays without entering anew leaves it as it was. In any other state, none is armed.
 */
export const checkDeadline = <Machine extends AnyStateMachine>(
  machine: Machine,
  before: AnyMachineSnapshot,
  { snapshot, deadline }: Step<Machine>,
): void => {
  const after = snapshot as AnyMachineSnapshot
  const waits = (value: unknown): boolean =>
    (machine.states as Record<string, { meta?: { waitsOn?: string } }>)[String(value)]?.meta
      ?.waitsOn !== undefined
  // A state that was passed through on the way has armed a deadline, and stopped it again.
  const expected = !waits(after.value)
    ? waits(before.value) || deadline.kind === 'stopped'
      ? 'stopped'
      : 'kept'
    : after.value === before.value && deadline.kind === 'kept'
      ? 'kept'
      : 'armed'
  assert.equal(deadline.kind, expected, `the deadline of ${after.value} is ${deadline.kind}`)
  if (deadline.kind === 'armed') {
    const { dueMs, sweepAtMs } = after.context
    assert.ok([dueMs, sweepAtMs].includes(deadline.atMs), `armed for ${deadline.atMs}`)
  }
}

/** A table as its SPEC.md shows it: a row for each message, a column for each state. */
export const markdownOf = (table: Readonly<Record<string, Readonly<Record<string, string>>>>) => {
  const states = Object.keys(table)
  const cases = Object.keys(Object.values(table)[0] ?? {})
  const row = (first: string, cells: readonly string[]): string =>
    `| ${[first, ...cells].join(' | ')} |`
  return [
    row('', states),
    row(
      '---',
      states.map(() => '---'),
    ),
    ...cases.map((it) =>
      row(
        `\`${it}\``,
        states.map((state) => table[state]?.[it] ?? ''),
      ),
    ),
  ].join('\n')
}
