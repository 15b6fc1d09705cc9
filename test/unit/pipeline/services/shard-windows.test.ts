import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Lease } from '../../../../actors/cache/context.ts'
import type { AnyMessage } from '../../../../pipeline/entrance.ts'
import { openShardWindows } from '../../../../pipeline/services/shard-windows.ts'
import { instant } from '../../../../schemas/brand.ts'
import type { DemandRaised } from '../../../../schemas/messages.ts'
import { held } from '../../../support/specimen.ts'

const demand = (dispatcher: string, round: number): DemandRaised => ({
  type: 'demand.raised',
  dispatcher,
  round,
  batchesMax: 8,
  bytesMax: 1_000,
})
const leaseTo = (dispatcher: string): Lease => ({
  lease: 1,
  dispatcher,
  held: held({ segment: 1 }),
  untilMs: instant(60_000),
})

const open = () => {
  const leases: Lease[] = []
  const told: AnyMessage[] = []
  const { demanded } = openShardWindows({
    toMachine: (message) => told.push(message),
    leases: () => leases,
  })
  const typesOf = () => told.splice(0).map(({ type }) => type)
  return { leases, demanded, typesOf }
}

test('what was leased to the dispatcher before is free once the next one says a word', () => {
  const { leases, demanded, typesOf } = open()
  demanded(demand('a', 1))
  assert.deepEqual(typesOf(), ['demand.raised'])
  leases.push(leaseTo('a'))
  demanded(demand('b', 2))
  assert.deepEqual(typesOf(), ['demand.raised', 'batches.returned', 'demand.raised'])
})

test('what the machine leased to it before it heard of the change is free with the next reminder', () => {
  const { leases, demanded, typesOf } = open()
  demanded(demand('a', 1))
  demanded(demand('b', 2))
  typesOf()
  leases.push(leaseTo('a'), leaseTo('b'))
  demanded(demand('b', 2))
  assert.deepEqual(typesOf(), ['batches.returned', 'demand.raised'])
})

test('a late word of the one before says nothing', () => {
  const { leases, demanded, typesOf } = open()
  demanded(demand('a', 1_000_000))
  demanded(demand('b', 2_000_000))
  leases.push(leaseTo('b'))
  typesOf()
  demanded(demand('a', 1_000_001))
  assert.deepEqual(typesOf(), [])
})
