import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Arrow,
  chainOf,
  joined,
  laneKey,
  lanesOf,
  type Step,
} from '../../../../pipeline/inspection/joined-sequence.ts'
import { mermaidOf } from '../../../../pipeline/inspection/mermaid.ts'

const step = (given: Partial<Step> & Pick<Step, 'number' | 'to' | 'messageId'>): Step => ({
  atMs: 1_000 + given.number,
  from: null,
  machine: given.to.replace(/-\d+$/, ''),
  message: 'told',
  causationId: null,
  change: null,
  ...given,
})

/** The cache service leases a batch; the dispatcher service, whose clock is behind, has it over Kafka. */
const cacheService = {
  producer: 'cache-1',
  steps: [
    step({ number: 1, to: 'cache-0', messageId: 'k#1', message: 'batch.offered' }),
    step({
      number: 2,
      to: 'cache-0',
      messageId: 'k#4',
      causationId: 'd#3',
      message: 'batch.settled',
      change: { from: 'leasing', to: 'idle' },
    }),
  ],
}
const dispatcherService = {
  producer: 'dispatcher-1',
  steps: [
    step({ number: 1, atMs: 1, to: 'dispatcher-0', messageId: 'k#2', causationId: 'k#1' }),
    step({
      number: 2,
      atMs: 2,
      from: 'dispatcher-0',
      to: 'delivery-9/1',
      machine: 'delivery',
      messageId: 'd#2',
      causationId: 'k#2',
    }),
    step({
      number: 3,
      atMs: 3,
      from: 'delivery-9/1',
      to: 'dispatcher-0',
      messageId: 'd#3',
      causationId: 'd#2',
    }),
    step({ number: 4, atMs: 4, to: 'dispatcher-0', messageId: 'd#8', message: 'clock.ticked' }),
  ],
}
const both = (): readonly Arrow[] => joined([dispatcherService, cacheService])
const lines = (arrows: readonly Arrow[]): readonly string[] =>
  arrows.map(({ from, to, messageId }) => `${from && laneKey(from)} ${messageId} ${laneKey(to)}`)

test('two processes are one sequence: no consequence stands before its cause, whatever their clocks say', () => {
  assert.deepEqual(lines(both()), [
    'null k#1 cache-1/cache-0',
    'cache-1/cache-0 k#2 dispatcher-1/dispatcher-0',
    'dispatcher-1/dispatcher-0 d#2 dispatcher-1/deliveries',
    'dispatcher-1/deliveries d#3 dispatcher-1/dispatcher-0',
    'null d#8 dispatcher-1/dispatcher-0',
    'dispatcher-1/dispatcher-0 k#4 cache-1/cache-0',
  ])
  assert.deepEqual(
    both().flatMap(({ kind, messageId }) => (kind === 'crossing' ? [messageId] : [])),
    ['k#2', 'k#4'],
  )
})

test('without the other process, what came from it comes from outside', () => {
  assert.deepEqual(lines(joined([dispatcherService])).slice(0, 1), [
    'null k#2 dispatcher-1/dispatcher-0',
  ])
})

test('a chain is what led to a message and what came of it, through both processes', () => {
  const ids = (id: string): readonly string[] => chainOf(both(), id).map((it) => it.messageId)
  assert.deepEqual(ids('d#2'), ['k#1', 'k#2', 'd#2', 'd#3', 'k#4'])
  assert.deepEqual(ids('d#8'), ['d#8'])
  assert.equal(ids('nobody').length, both().length)
})

test('ids that make a circle hold nothing up', () => {
  const circle = [
    step({ number: 1, to: 'cache', messageId: 'a', causationId: 'b' }),
    step({ number: 2, to: 'cache', messageId: 'b', causationId: 'a' }),
  ]
  const arrows = joined([{ producer: 'p', steps: circle }])
  assert.equal(arrows.length, 2)
  assert.equal(chainOf(arrows, 'a').length, 2)
})

test('who takes part is in the order in which a record goes, process by process', () => {
  assert.deepEqual(lanesOf(both()).map(laneKey), [
    'cache-1/cache-0',
    'dispatcher-1/dispatcher-0',
    'dispatcher-1/deliveries',
  ])
})

test('Mermaid draws it, and no name ends a line of it', () => {
  assert.equal(
    mermaidOf(both()),
    `sequenceDiagram
  participant outside
  box cache-1
    participant a1 as cache-0
  end
  box dispatcher-1
    participant a2 as dispatcher-0
    participant a3 as deliveries
  end
  outside->>a1: batch.offered
  a1-->>a2: told
  a2->>a3: told
  a3->>a2: told
  outside->>a2: clock.ticked
  a2-->>a1: batch.settled
  Note over a1: leasing → idle
`,
  )
  const named = { producer: 'a;b\n%%{init', steps: [step({ number: 1, to: 'x', messageId: 'y' })] }
  const drawn = mermaidOf(joined([named]))
  assert.match(drawn, /box a#59;b#10;#37;#37;#123;init\n/)
})
