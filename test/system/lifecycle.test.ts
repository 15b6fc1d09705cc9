/** How a process comes, goes, and comes back; and when it rather does not. */
import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { nodeFilesystem } from '../../infra/disk/node-filesystem.ts'
import type { Fact } from '../../infra/journal/journal.ts'
import { openJournal } from '../../infra/journal/open-journal.ts'
import type { ActorPersisted } from '../../schemas/messages.ts'
import { accountOf, settledAccountOf } from '../support/account.ts'
import { assertExactIds, idsTaken, missingOf } from '../support/deliveries.ts'
import {
  type HoldfastProcess,
  startHoldfast,
  until,
  workspace,
} from '../support/holdfast-process.ts'
import { openLoad } from '../support/load.ts'
import { openTestSink } from '../support/route.ts'

const streams = ['auth', 'checkout'].map((service) => ({ tenant: 'acme', service }))
const smallLoad = () => openLoad({ streams, recordsPerRequest: 10, recordBytes: 200 })

type Endpoint = {
  readonly url: string
  readonly epoch: number
  readonly pinned: boolean
  readonly history: readonly { readonly epoch: number; readonly reason: string }[]
}
const endpointOf = (holdfast: HoldfastProcess): Promise<Endpoint> =>
  holdfast.get('/api/v1/endpoint')
const redirected = async (holdfast: HoldfastProcess, url: string): Promise<number> => {
  const response = await holdfast.redirect(url)
  assert.equal(response.status, 202)
  return ((await response.json()) as Endpoint).epoch
}

/** Whatever the process answers while it goes: kept, told to come again, or not there any more. */
const goingAnswers = new Set([0, 503])

suite('a process', { concurrency: 2 }, () => {
  test('told to stop under load finishes what is in flight, exits 0, and loses nothing', async (t) => {
    const sink = await openTestSink(t, () => ({ kind: 'accept', delayMs: 100 }))
    await using folder = await workspace()
    const load = smallLoad()
    t.after(load.close)
    const config = { endpoint: { url: sink.url } }
    {
      await using holdfast = await startHoldfast(folder.path, config)
      let going: 'on' | 'down' = 'on'
      const sending = load.send({
        to: () => holdfast.otlp,
        connections: 4,
        goOn: () => going === 'on',
      })
      await until(
        () => sink.batches.size,
        (batches) => batches >= 20,
      )
      assert.equal(await holdfast.kill('SIGTERM'), 0)
      going = 'down'
      await sending
      assert.equal(holdfast.logged().at(-1)?.event, 'pipeline.stopped')
      assert.deepEqual(
        holdfast.logged().filter(({ level }) => level !== 'info'),
        [],
      )
    }
    for (const status of load.refusals.keys()) assert.ok(goingAnswers.has(status), `${status}`)

    await using holdfast = await startHoldfast(folder.path, config)
    const { totals } = await settledAccountOf(holdfast)
    assert.equal(totals.accepted, load.promisedRecords())
    assert.deepEqual([totals.delivered, totals.dropped], [totals.accepted, 0])
    assert.deepEqual(missingOf(load, idsTaken([sink], load)), [])
    // What was in flight was waited for: it is not sent again.
    assert.deepEqual(sink.duplicates(), { batches: 0, records: 0 })
  })

  test('told to stop while its endpoint hangs keeps what is not sent, and sends it in its next life', async (t) => {
    const sink = await openTestSink(t, () => ({ kind: 'hang' }))
    await using folder = await workspace()
    const load = smallLoad()
    t.after(load.close)
    const config = { endpoint: { url: sink.url }, shutdown_timeout: '300ms' }
    {
      await using holdfast = await startHoldfast(folder.path, config)
      await load.send({ to: () => holdfast.otlp, connections: 2, goOn: (sent) => sent < 20 })
      await until(
        () => sink.requests.length,
        (requests) => requests > 0,
      )
      assert.equal(await holdfast.kill('SIGTERM'), 0)
    }
    sink.behave(() => ({ kind: 'accept' }))
    await using holdfast = await startHoldfast(folder.path, config)
    const { totals } = await settledAccountOf(holdfast)
    assert.deepEqual([totals.accepted, totals.delivered], [200, 200])
    assert.deepEqual(missingOf(load, idsTaken([sink], load)), [])
    assertExactIds(sink.requests)
  })

  test('comes back to the endpoint that it was sent to, under an epoch that never goes back', async (t) => {
    const [first, second, third] = [
      await openTestSink(t),
      await openTestSink(t),
      await openTestSink(t),
    ]
    await using folder = await workspace()
    const config = { endpoint: { url: first.url } }
    let newest = 0
    for (const [life, signal] of (['SIGKILL', 'SIGTERM', 'SIGKILL'] as const).entries()) {
      await using holdfast = await startHoldfast(folder.path, config)
      const { url, epoch } = await until(
        () => endpointOf(holdfast),
        (endpoint) => endpoint.epoch !== null,
      )
      assert.equal(url, life === 0 ? first.url : second.url)
      assert.ok(epoch >= newest, `epoch ${epoch} after ${newest}`)
      assert.ok((await redirected(holdfast, third.url)) > epoch)
      newest = await redirected(holdfast, second.url)
      await holdfast.kill(signal)
    }
    // A configuration that names another endpoint than it did is a command as well.
    await using holdfast = await startHoldfast(folder.path, { endpoint: { url: third.url } })
    const { epoch, history } = await until(
      () => endpointOf(holdfast),
      ({ url }) => url === third.url,
    )
    assert.ok(epoch > newest)
    const epochs = history.map((assignment) => assignment.epoch)
    assert.deepEqual(
      epochs,
      [...new Set(epochs)].sort((a, b) => a - b),
    )
    assert.match(history.at(-1)?.reason ?? '', /the configuration names/)
    const load = smallLoad()
    t.after(load.close)
    await load.send({ to: () => holdfast.otlp, connections: 1, goOn: (sent) => sent < 1 })
    await settledAccountOf(holdfast)
    assert.deepEqual(
      [first, second, third].map((sink) => sink.records()),
      [0, 0, 10],
    )
    assert.equal(third.requests[0]?.epoch, epoch)
  })

  test('does not start on the state of a release that it does not know, and changes nothing', async (t) => {
    const sink = await openTestSink(t, () => ({ kind: 'status', status: 503 }))
    await using folder = await workspace()
    const config = { endpoint: { url: sink.url } }
    const load = smallLoad()
    t.after(load.close)
    {
      await using holdfast = await startHoldfast(folder.path, config)
      await load.send({ to: () => holdfast.otlp, connections: 1, goOn: (sent) => sent < 5 })
      await holdfast.kill('SIGTERM')
    }
    const known = await persistedIn(folder.path)
    await addFact(folder.path, { ...known, version: known.version + 98 })
    const before = await filesIn(join(folder.path, 'data'))
    await assert.rejects(
      startHoldfast(folder.path, config),
      /exited with 1.*endpoint-manager.*has version 99; this release reads version 1/s,
    )
    assert.deepEqual(await filesIn(join(folder.path, 'data')), before)

    // The release that knows it would go on; here, its last word is taken back.
    await addFact(folder.path, known)
    sink.behave(() => ({ kind: 'accept' }))
    await using holdfast = await startHoldfast(folder.path, config)
    const { totals } = await settledAccountOf(holdfast)
    assert.deepEqual([totals.accepted, totals.delivered], [50, 50])
  })

  test('does not share its data directory: the second one says whose it is, and the first goes on', async (t) => {
    const sink = await openTestSink(t)
    await using folder = await workspace()
    const config = { endpoint: { url: sink.url } }
    await using holdfast = await startHoldfast(folder.path, config)
    await assert.rejects(
      startHoldfast(folder.path, config),
      new RegExp(`exited with 1.*process ${holdfast.pid} owns it`, 's'),
    )
    const load = smallLoad()
    t.after(load.close)
    await load.send({ to: () => holdfast.otlp, connections: 1, goOn: (sent) => sent < 5 })
    await settledAccountOf(holdfast)
    assert.equal((await accountOf(holdfast)).totals.delivered, 50)
    await holdfast.kill('SIGKILL')
    // The dead own nothing.
    await using next = await startHoldfast(folder.path, config)
    assert.equal((await accountOf(next)).totals.delivered, 50)
  })
})

const factsOf = async <Result>(
  folder: string,
  use: (facts: readonly Fact[], append: (fact: Fact) => Promise<void>) => Promise<Result>,
): Promise<Result> => {
  const directory = join(folder, 'data/journal')
  const journal = await openJournal({ filesystem: nodeFilesystem, directory, reserveBytes: 65_536 })
  const facts = await Array.fromAsync(journal.recover())
  const result = await use(facts, (fact) => journal.append([fact]))
  await journal.close()
  return result
}

const persistedIn = (folder: string): Promise<ActorPersisted> =>
  factsOf(folder, async (facts) => {
    const persisted = facts.findLast((fact) => fact.type === 'actor.persisted')
    assert.equal(persisted?.actor, 'endpoint-manager')
    return persisted
  })

const addFact = (folder: string, fact: Fact): Promise<void> =>
  factsOf(folder, (_, append) => append(fact))

/** Each file with what is in it, but for who owns the directory: a lock that the dead leave is nothing. */
const filesIn = async (directory: string): Promise<ReadonlyMap<string, string>> => {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  const files = entries.filter((it) => it.isFile() && !it.name.startsWith('lock-'))
  const paths = files.map(({ parentPath, name }) => join(parentPath, name)).sort()
  return new Map(
    await Promise.all(paths.map(async (path) => [path, await readFile(path, 'latin1')] as const)),
  )
}
