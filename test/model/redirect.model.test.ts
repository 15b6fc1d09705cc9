/** A dispatcher, two sends at a time and an endpoint manager, in every order of what may happen. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { instant } from '../../schemas/brand.ts'
import { explore } from '../support/explore.ts'
import { checkRoute, isSettled, keyOf, movesOf } from '../support/route-moves.ts'
import { deliveryInput, dispatcherInput, endpointManagerInput, heldAt, urls } from '../support/route-parts.ts' // biome-ignore format: one line
import { openRoute } from '../support/route-world.ts'

const run = (b: any) => {
  const route = openRoute({
    dispatcher: {
      ...dispatcherInput,
      backoff: { initialMs: 1, maxMs: 1 },
      assignmentTimeoutMs: 10,
    },
    delivery: { ...deliveryInput, attemptTimeoutMs: 0, assignmentTimeoutMs: 0, recordTimeoutMs: 0 },
    manager: { ...endpointManagerInput, journalTimeoutMs: 0, historyMax: 1, probationFailuresMax: 2 },
    held: [heldAt(1), heldAt(2)],
    bounds: b,
    slow: b.slow,
  })
  const t0 = performance.now()
  const r = explore({
    from: route.first(),
    key: keyOf,
    moves: movesOf(route),
    check: checkRoute,
    isGoal: isSettled,
    worldsMax: 2_000_000,
  })
  console.log(
    JSON.stringify(b),
    r,
    Math.round(performance.now() - t0),
    'ms',
    route.machines.dispatcher.asked(),
    route.machines.manager.asked(),
    route.machines.delivery.asked(),
  )
}
void assert
void test
void instant
void urls
for (const b of JSON.parse(process.argv[2]!))
  run({
    commands: b[0],
    redirects: b[1],
    failures: b[2],
    hangs: b[3],
    journalFaults: b[4],
    ledger: b[5] ?? 'prompt',
  })
