import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { assign, createActor, fromCallback, setup } from 'xstate'
import { effect, type Stamped, timer, UnfilledPortError } from '../../../actors/kit/port.ts'
import { type Below, order } from '../../../actors/kit/rank.ts'
import { opened, SnapshotVersionError } from '../../../actors/kit/snapshot.ts'
import { ignore, impossible, type StateMeta, total, waiting } from '../../../actors/kit/state.ts'
import { targets } from '../../../actors/kit/targets.ts'
import { type InstantMs, instant } from '../../../schemas/brand.ts'
import { drive } from '../../support/drive.ts'

type Context = { readonly dueMs: InstantMs; readonly patience: number }
type Inbox = Stamped<
  { readonly type: 'asked' } | { readonly type: 'answered' } | { readonly type: 'timer.fired' }
>
const to = targets<'asking' | 'insisting' | 'resting'>()

const built = setup({
  types: { context: {} as Context, events: {} as Inbox, meta: {} as StateMeta },
  actors: { timer },
  guards: { isPatient: ({ context }) => context.patience > 0 },
  actions: {
    beg: effect('beg'),
    fault: effect<{ why: string }>('fault'),
    setDeadline: assign({ dueMs: ({ event }) => instant(event.nowMs + 100) }),
    losePatience: assign({ patience: ({ context }) => context.patience - 1 }),
  },
})
const state = built.createStateConfig
const waits = waiting<'collector', Context>()

/** Asks, insists as often as it has patience for, and then rests. */
const asker = built.createMachine({
  id: 'asker',
  context: { dueMs: instant(100), patience: 2 },
  initial: to('asking'),
  states: total<Inbox>()({
    asking: waits({
      on: 'cache',
      until: 'dueMs',
      late: [
        {
          guard: 'isPatient',
          target: to('asking'),
          reenter: true,
          actions: ['losePatience', 'setDeadline', 'beg'],
        },
        { target: to('resting'), actions: 'beg' },
      ],
      state: state({
        on: {
          answered: { target: to('insisting'), actions: 'setDeadline' },
          asked: impossible('nobody asks the asker'),
        },
      }),
    }),
    insisting: waits({
      on: 'outside',
      until: 'dueMs',
      late: { target: to('resting') },
      state: state({ on: { answered: ignore('once is enough'), asked: ignore('so it does') } }),
    }),
    resting: { type: 'final' },
  }),
})

describe('A state that waits', () => {
  test('arms a timer for the instant in its context, and goes on when that has come.', () => {
    const it = drive(asker, undefined)
    assert.equal(it.armedMs(), 100)
    assert.deepEqual(it.fire(), ['beg'])
    assert.equal(it.armedMs(), 200, 'a state that is entered again has its deadline armed anew')
  })

  test('takes the first way on at its deadline for which it is time.', () => {
    const it = drive(asker, undefined)
    it.fire()
    it.fire()
    assert.deepEqual(it.fire(), ['beg'])
    assert.ok(it.isDone())
  })

  test('takes no timer of a former visit for its own: nothing is due before the instant.', () => {
    const it = drive(asker, undefined)
    it.wait(50)
    it.tell({ type: 'answered' })
    assert.equal(it.armedMs(), 150)
    it.wait(99)
    assert.deepEqual(it.tell({ type: 'timer.fired' }), [])
    assert.equal(it.state(), 'insisting')
    assert.equal(it.armedMs(), 150, 'its own timer is still armed')
    it.wait(1)
    it.tell({ type: 'timer.fired' })
    assert.ok(it.isDone())
  })

  test('says whom it waits on.', () => {
    const metaOf = (name: string) => asker.states[name]?.meta
    assert.deepEqual(metaOf('asking'), { waitsOn: 'cache' })
    assert.deepEqual(metaOf('insisting'), { waitsOn: 'outside' })
  })

  test('is armed for the old deadline when it is restored.', () => {
    const armed: number[] = []
    const played = asker.provide({
      actors: { timer: fromCallback(({ input }) => void armed.push(input.deadlineMs)) },
      actions: { beg: () => undefined },
    })
    const former = createActor(played).start()
    former.send({ type: 'answered', nowMs: instant(50) })
    const snapshot = JSON.parse(JSON.stringify(former.getPersistedSnapshot()))
    former.stop()
    const restored = createActor(played, { snapshot }).start()
    assert.equal(restored.getSnapshot().value, 'insisting')
    assert.deepEqual(armed, [100, 150, 150])
    restored.stop()
  })
})

describe('An answer that changes nothing', () => {
  test('does nothing, and its reason can be read.', () => {
    assert.deepEqual(ignore('it was open'), { description: 'ignored: it was open' })
  })

  test('is a fault with its reason where a message cannot be.', () => {
    const it = drive(asker, undefined)
    assert.deepEqual(it.tell({ type: 'asked' }), ['fault'])
    assert.deepEqual(it.params('fault'), { why: 'nobody asks the asker' })
    assert.equal(it.state(), 'asking')
  })
})

describe('A port', () => {
  test('that was not filled says its name when it is used.', () => {
    assert.throws(
      () => effect('appendToLog')(undefined, undefined),
      (error) => {
        assert.ok(error instanceof UnfilledPortError)
        assert.equal(error.port, 'appendToLog')
        return true
      },
    )
  })

  test('that was not filled breaks the actor that waits, and no other.', () => {
    const errors: unknown[] = []
    const actor = createActor(asker)
    actor.subscribe({ error: (error) => errors.push(error) })
    actor.start()
    assert.equal(actor.getSnapshot().status, 'error')
    assert.ok(errors[0] instanceof UnfilledPortError)
  })
})

describe('A stored snapshot', () => {
  const envelope = { actor: 'cache', version: 3, snapshot: { value: 'open' } }

  test('is handed out by the version that wrote it.', () => {
    assert.deepEqual(opened(envelope, 3), { value: 'open' })
  })

  test('of another version is refused, older or newer, and the error says what to do.', () => {
    for (const known of [2, 4]) {
      assert.throws(
        () => opened(envelope, known),
        (error) => {
          assert.ok(error instanceof SnapshotVersionError)
          assert.deepEqual([error.actor, error.version], ['cache', 3])
          const { message } = error
          assert.match(
            message,
            new RegExp(`"cache" has version 3; this release reads version ${known}`),
          )
          assert.match(message, /Nothing was changed\. Run the release that/)
          return true
        },
      )
    }
  })
})

test('The ranks are one line, with the outside at its end.', () => {
  assert.equal(new Set(order).size, order.length)
  assert.equal(order.at(-1), 'outside')
  // That what is below an actor is what stands behind it, the compiler shows.
  const below: Record<Below<'dispatcher'>, true> = {
    delivery: true,
    'endpoint-manager': true,
    outside: true,
  }
  assert.deepEqual(Object.keys(below), order.slice(order.indexOf('dispatcher') + 1))
})
