/** Endpoints that send elsewhere: where the records go, where they do not, and what they take along. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { dropsOf } from '../support/account.ts'
import { until } from '../support/holdfast-process.ts'
import { inTurn, openRoute, openTestSink, type Route } from '../support/route.ts'
import type { Sink } from '../support/sink.ts'
import type { Answer } from '../support/sink-behaviour.ts'

const allDelivered = (accepted: number) => ({
  accepted,
  delivered: accepted,
  dropped: 0,
  pending: 0,
  refused: 0,
  unaccounted: 0,
})

type Endpoint = {
  readonly url: string
  readonly epoch: number
  readonly history: readonly { readonly by: string; readonly epoch: number }[]
}
const endpointOf = ({ holdfast }: Route): Promise<Endpoint> => holdfast.get('/api/v1/endpoint')

const refusals = ({ holdfast }: Route): readonly string[] =>
  holdfast
    .logged()
    .filter(({ event }) => event === 'redirect.refused')
    .map(({ message }) => String(message))

const redirect = (location: string | null, status: 307 | 308 = 307): Answer => ({
  kind: 'redirect',
  status,
  location,
})
/** Where a sink takes logs, under another name of this machine: another host to whoever asks. */
const elsewhere = ({ url }: Sink): string => `${url.replace('127.0.0.1', 'localhost')}/v1/logs`

suite('an endpoint redirects', { concurrency: 2 }, () => {
  for (const status of [307, 308] as const)
    test(`${status} to a host that is allowed: followed under the next epoch, the same ids`, async (t) => {
      const target = await openTestSink(t)
      const route = await openRoute(t, {
        behaviour: () => redirect(`${target.url}/v1/logs`, status),
      })
      await route.send()
      assert.deepEqual(await route.settled(), allDelivered(10))
      // From now on it is not asked first.
      await route.send()
      assert.deepEqual(await route.settled(), allDelivered(20))
      const { url, epoch, history } = await endpointOf(route)
      assert.deepEqual([url, epoch], [target.url, 2])
      assert.deepEqual(
        history.map((assignment) => assignment.by),
        ['configuration', 'redirect'],
      )
      assert.deepEqual(
        [route.sink.requests.map((it) => it.epoch), target.requests.map((it) => it.epoch)],
        [[1], [2, 2]],
      )
      assert.deepEqual(route.sink.requests[0]?.ids, target.requests[0]?.ids)
      assert.equal(route.sink.requests[0]?.sha256, target.requests[0]?.sha256)
      assert.deepEqual(await dropsOf(route.holdfast), [])
    })

  test('to a host that is not allowed: nothing goes there, and nothing is lost', async (t) => {
    const stranger = await openTestSink(t)
    const route = await openRoute(t, {
      behaviour: inTurn(redirect(elsewhere(stranger)), redirect(elsewhere(stranger))),
    })
    await route.send()
    assert.deepEqual(await route.settled(), allDelivered(10))
    assert.equal(stranger.stats().requests, 0)
    assert.equal(route.sink.requests.length, 3)
    assert.equal(new Set(route.sink.requests.flatMap(({ ids }) => ids)).size, 1)
    assert.equal((await endpointOf(route)).epoch, 1)
    assert.equal(refusals(route).length, 2)
    for (const refusal of refusals(route)) assert.match(refusal, /localhost.*redirects\.allow/)
  })

  test('in a loop, or to itself: a failed attempt, tried again where it was', async (t) => {
    const other = await openTestSink(t)
    const route = await openRoute(t, { behaviour: () => redirect(`${other.url}/v1/logs`) })
    other.behave(inTurn(redirect(`${route.sink.url}/v1/logs`), redirect('self')))
    await route.send()
    assert.deepEqual(await route.settled(), allDelivered(10))
    assert.equal(route.sink.requests.length, 1)
    assert.equal(other.requests.length, 3)
    assert.equal((await endpointOf(route)).url, other.url)
    assert.equal(refusals(route).length, 2)
    for (const refusal of refusals(route)) assert.match(refusal, /leads in a circle/)
  })

  test('without a Location: a failed attempt, never a loss', async (t) => {
    const route = await openRoute(t, { behaviour: inTurn(redirect(null), redirect(null, 308)) })
    await route.send()
    assert.deepEqual(await route.settled(), allDelivered(10))
    assert.equal(route.sink.requests.length, 3)
    for (const refusal of refusals(route)) assert.match(refusal, /no Location/)
  })

  test('on and on: no further than max_hops in a row', async (t) => {
    const targets = await Promise.all(Array.from({ length: 4 }, () => openTestSink(t)))
    const route = await openRoute(t, { endpoint: { redirects: { max_hops: 2 } } })
    const chain = [route.sink, ...targets]
    for (const [index, { url }] of targets.entries())
      chain[index]?.behave(() => redirect(`${url}/v1/logs`))
    await route.send()
    await until(
      () => refusals(route),
      (refused) => refused.length > 0,
    )
    assert.match(refusals(route)[0] ?? '', /hop 3 in a row/)
    assert.equal((await endpointOf(route)).url, targets[1]?.url)
    targets[1]?.behave(() => ({ kind: 'accept' }))
    assert.deepEqual(await route.settled(), allDelivered(10))
    assert.equal(targets[2]?.stats().requests, 0)
  })

  test('to another origin: the headers of the first are not sent there, its own are', async (t) => {
    const [anonymous, known] = [await openTestSink(t), await openTestSink(t)]
    const route = await openRoute(t, {
      behaviour: () => redirect(`${anonymous.url}/v1/logs`),
      endpoint: {
        headers: { authorization: 'Bearer of-the-first', 'x-api-key': 'also-of-the-first' },
        redirects: {
          allow: [{ host: 'localhost', headers: { authorization: 'Bearer of-localhost' } }],
        },
      },
    })
    anonymous.behave(() => redirect(elsewhere(known)))
    await route.send()
    assert.deepEqual(await route.settled(), allDelivered(10))
    const sent = [route.sink, anonymous, known].map(({ requests }) =>
      requests.map(({ headers }) => [headers.authorization, headers['x-api-key']]),
    )
    assert.deepEqual(sent, [
      [['Bearer of-the-first', 'also-of-the-first']],
      [[undefined, undefined]],
      [['Bearer of-localhost', undefined]],
    ])
    const said = JSON.stringify(route.holdfast.logged())
    assert.doesNotMatch(said, /of-the-first|of-localhost/)
  })
})
