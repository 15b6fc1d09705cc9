/**
 * A dispatcher, two sends at a time and an endpoint manager, in every order of what may happen within
 * stated bounds. In each world that is reached, what `checkOf` says holds, and from each there is
 * still a way to the end: both batches settled, the newest assignment adopted, the window open.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { explore } from '../support/explore.ts'
import { checkOf, isSettled, keyOf, movesOf } from '../support/route-moves.ts'
import {
  deliveryInput,
  dispatcherInput,
  endpointManagerInput,
  heldAt,
} from '../support/route-parts.ts'
import { openRoute, type RouteInputs } from '../support/route-world.ts'

/** Where no time needs to pass, a deadline may pass at any moment. */
const inputs: Omit<RouteInputs, 'bounds' | 'slow'> = {
  time: 'none',
  order: 'kept',
  dispatcher: { ...dispatcherInput, backoff: { initialMs: 1, maxMs: 1 }, assignmentTimeoutMs: 10 },
  delivery: { ...deliveryInput, attemptTimeoutMs: 0, assignmentTimeoutMs: 0, recordTimeoutMs: 0 },
  manager: { ...endpointManagerInput, journalTimeoutMs: 0, historyMax: 1, probationFailuresMax: 2 },
  held: [heldAt(1), heldAt(2)],
}
const none = { commands: 0, redirects: 0, failures: 0, hangs: 0, journalFaults: 0 }
const everyone = ['ledger', 'reports'] as const

const explored = (bounds: RouteInputs['bounds'], slow: RouteInputs['slow']) => {
  const route = openRoute({ ...inputs, bounds, slow })
  return explore({
    from: route.first(),
    key: keyOf,
    moves: movesOf(route),
    check: checkOf(route),
    isGoal: isSettled,
    worldsMax: 500_000,
  })
}

type Storm = readonly [bounds: Partial<typeof none>, slow: RouteInputs['slow']]
const storms: Readonly<Record<string, Storm>> = {
  'two redirects by endpoints': [{ redirects: 2 }, []],
  'a redirect and a failure': [{ redirects: 1, failures: 1 }, []],
  'a redirect and an attempt that hangs': [{ redirects: 1, hangs: 1 }, []],
  'a redirect and a command': [{ redirects: 1, commands: 1 }, []],
  'a command and failures that roll it back': [{ commands: 1, failures: 2 }, []],
  'a command and a journal that fails or is slow': [{ commands: 1, journalFaults: 1 }, everyone],
  'a redirect and a journal that fails or is slow': [{ redirects: 1, journalFaults: 1 }, everyone],
}
/** These take a minute. */
const tempests: Readonly<Record<string, Storm>> = {
  'two redirects by endpoints and a failure': [{ redirects: 2, failures: 1 }, []],
  'two redirects by endpoints and a hang': [{ redirects: 2, hangs: 1 }, []],
  'a redirect, a failure and a hang': [{ redirects: 1, failures: 1, hangs: 1 }, []],
  'two commands and a redirect': [{ commands: 2, redirects: 1 }, []],
  'a command and a redirect, slowly': [{ commands: 1, redirects: 1 }, everyone],
  'a command, a redirect and a journal that fails': [
    { commands: 1, redirects: 1, journalFaults: 1 },
    [],
  ],
}
const isDeep = process.env['HOLDFAST_DEEP'] === '1'

describe('dispatcher D1, dispatcher D2, dispatcher D3, dispatcher D4, dispatcher D6, dispatcher D7: in every world', () => {
  const all = { ...storms, ...(isDeep ? tempests : {}) }
  for (const [what, [bounds, slow]] of Object.entries(all)) {
    test(`delivery S4, delivery S7, endpoint-manager E1, endpoint-manager E2, endpoint-manager E4, endpoint-manager E7, endpoint-manager E8: no order of ${what} leads to a dead end.`, () => {
      const { goals } = explored({ ...none, ...bounds }, slow)
      assert.ok(goals > 0)
    })
  }
})
