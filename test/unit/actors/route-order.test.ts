/**
 * Dispatcher, endpoint manager and sends together, in real time, through channels that reorder and
 * double messages: long random runs, and then a world in which everything goes well again.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { checkOf, isSettled, movesOf } from '../../support/route-moves.ts'
import {
  deliveryInput,
  dispatcherInput,
  endpointManagerInput,
  heldAt,
} from '../../support/route-parts.ts'
import { openRoute, type RouteInputs, type RouteWorld } from '../../support/route-world.ts'

const inputs: RouteInputs = {
  dispatcher: { ...dispatcherInput, concurrency: 3 },
  delivery: deliveryInput,
  manager: endpointManagerInput,
  held: [1, 2, 3, 4, 5].map((offset) => heldAt(offset)),
  bounds: { commands: 8, redirects: 8, failures: 6, hangs: 0, journalFaults: 3 },
  slow: ['ledger', 'reports'],
  time: 'real',
  order: 'any',
}
const calmStepsMax = 2_000

/** What goes on when nothing goes wrong any more: messages arrive in order, endpoints answer 200. */
const calmly = /^\S+>\S+: (?!.*to come again)|^journaled|^the cache|is answered 200|^the ledger/
const calmed = (
  route: ReturnType<typeof openRoute>,
  world: RouteWorld,
  said: string[],
): RouteWorld => {
  let next = world
  for (let i = 0; i < calmStepsMax && !isSettled(next); i++) {
    const moves = movesOf(route)(next)
    const [label, move] =
      moves.find(([it]) => calmly.test(it)) ?? moves.find(([it]) => it.includes('is due')) ?? []
    assert.ok(label !== undefined && move !== undefined, 'nothing can happen any more')
    said.push(label)
    next = move()
    checkOf(route)(next)
  }
  return next
}

test('dispatcher D1, dispatcher D2, dispatcher D3, dispatcher D4, dispatcher D6: a storm in any order ends with all batches settled.', () => {
  const property = fc.property(fc.array(fc.nat(), { minLength: 50, maxLength: 200 }), (choices) => {
    const route = openRoute(inputs)
    const moves = movesOf(route)
    const check = checkOf(route)
    const said: string[] = []
    try {
      let world = route.first()
      for (const choice of choices) {
        const possible = moves(world)
        const [label, move] = possible[choice % possible.length] ?? []
        if (label === undefined || move === undefined) break
        said.push(label)
        world = move()
        check(world)
      }
      assert.ok(isSettled(calmed(route, world, said)), 'it does not come to rest')
    } catch (cause) {
      throw new Error(`${cause}, by:\n${said.slice(-60).join('\n')}`, { cause })
    }
  })
  fc.assert(property, { numRuns: 60 })
})
