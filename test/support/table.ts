/** A machine's table, state × message, as tests: each cell, its deadline, and what its SPEC.md shows. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import type { AnyStateMachine, EventFromLogic } from 'xstate'
import { instant } from '../../schemas/brand.ts'
import { cellOf, checkDeadline, markdownOf } from './cell.ts'
import { stepFrom, type Unstamped } from './drive.ts'

/** A message, and when it comes; where nothing is said, at the moment of the table. */
type Case<Message> = Unstamped<Message> & { readonly nowMs?: number }

/** What no case tells. While there is one, the cases do not compile. */
type Untold<Message extends { readonly type: string }, Cases> = Exclude<
  Message['type'],
  Cases[keyof Cases] extends { readonly type: infer Type } ? Type : never
>

/** The cases of an inbox: one at least for each of its messages, several where guards part them. */
export const casesOf =
  <Message extends { readonly type: string }>() =>
  <const Cases extends Readonly<Record<string, Case<Message>>>>(
    cases: Cases & ([Untold<Message, Cases>] extends [never] ? unknown : Untold<Message, Cases>),
  ): Cases =>
    cases

/** Tests every cell of a table, and that the SPEC.md of the machine shows the same table. */
export const testTable = <Machine extends AnyStateMachine>({
  machine,
  nowMs,
  cases,
  contexts,
  table,
}: {
  readonly machine: Machine
  readonly nowMs: number
  readonly cases: Readonly<Record<string, Case<EventFromLogic<Machine>>>>
  /** A context that is typical of each state. */
  readonly contexts: Readonly<Record<string, object>>
  readonly table: Readonly<Record<string, Readonly<Record<string, string>>>>
}): void => {
  for (const [state, row] of Object.entries(table)) {
    for (const [name, expected] of Object.entries(row)) {
      test(`${machine.id}: ${state} + ${name} → ${expected}`, () => {
        const context = contexts[state] as never
        const before = machine.resolveState({ value: state, context })
        const event = { nowMs: instant(nowMs), ...cases[name] } as EventFromLogic<Machine>
        const step = stepFrom(machine, before as never, event)
        assert.equal(cellOf(before, step), expected)
        checkDeadline(machine, before, step)
      })
    }
  }
  test(`The SPEC.md of the ${machine.id} shows its table.`, async () => {
    const path = new URL(`../../actors/${machine.id}/SPEC.md`, import.meta.url)
    const shown = markdownOf(table)
    assert.ok((await readFile(path, 'utf8')).includes(shown), `It should hold:\n${shown}`)
  })
}
