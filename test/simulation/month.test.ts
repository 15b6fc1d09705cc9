/** The month that `npm run month` shows, for one agent of each kind that matters. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { payloadOf } from '../../infra/incident/load.ts'
import { faultsOf, figuresOf } from '../month/account.ts'
import { holdfastMonth } from '../month/holdfast.ts'
import { naiveMonth } from '../month/naive.ts'
import { endMs, plotOf, tenantsPerAgent } from '../month/plot.ts'

const payload = Buffer.concat([payloadOf(0, 0), payloadOf(16, 0)].map((it) => it.payload))
const cacheBytes = 12 * tenantsPerAgent * payload.length
const given = { cacheBytes, payloadOf: () => payload }
const plot = plotOf(1, 4)
/** The last one is the one whose endpoints are away for longer than its cache bridges. */
const agent = plot.agents.at(-1) ?? assert.fail()

test('in a month an agent with a request out at the wrong moment loses weeks, and the same month is the same', async () => {
  const outcome = await naiveMonth(plot, agent, given)
  assert.deepEqual(await naiveMonth(plot, agent, given), outcome)
  const { agentsStalled, daysStalled, lost, tenantsTold } = figuresOf([outcome], endMs)
  assert.equal(agentsStalled, 1)
  assert.ok(daysStalled > 10 && lost > 50_000, `${daysStalled} days, ${lost} records`)
  assert.equal(tenantsTold, 0)
})

test('Holdfast in the same month: what is lost is told to whom it concerns, to the record', async () => {
  const naive = await naiveMonth(plot, agent, given)
  const holdfast = await holdfastMonth(plot, agent, { ...given, seed: 1 })
  assert.deepEqual(faultsOf(plot, [{ agent, naive, holdfast }]), [])
  const figures = figuresOf([holdfast], endMs)
  assert.ok(figures.lost > 0 && figures.lost < figures.accepted / 50, `${figures.lost} lost`)
  assert.deepEqual([figures.lostUnreported, figures.held, figures.agentsStalled], [0, 0, 0])
  assert.equal(figures.delivered + figures.lost, figures.accepted)
  assert.ok((figures.toldAfterSecondsMax ?? Number.POSITIVE_INFINITY) < 60)
})
