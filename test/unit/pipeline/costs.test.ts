/**
 * What a request costs, counted in things that do not depend on how busy the machine is. Each bound is
 * some way above what was seen when it was set: what exceeds it is no noise, but another way of working.
 */
import assert from 'node:assert/strict'
import { createHook } from 'node:async_hooks'
import { once } from 'node:events'
import { Session } from 'node:inspector/promises'
import { type AddressInfo, connect, createServer } from 'node:net'
import { type TestContext, test } from 'node:test'
import type { Filesystem, OpenFile } from '../../../infra/disk/filesystem.ts'
import { openLog } from '../../../infra/telemetry/log.ts'
import { parseConfig } from '../../../pipeline/config/config.ts'
import type { RunningPipeline } from '../../../pipeline/observed.ts'
import { startPipeline } from '../../../pipeline/pipeline.ts'
import { realWorld } from '../../../pipeline/world.ts'
import { workspace } from '../../support/holdfast-process.ts'
import { patternOf } from '../../support/known-records.ts'

const warmUpRequests = 30
const requests = 60
const lookMs = 2
const samplingBytes = 4_096
const recordsPerRequest = 500
/** Of a request that costs what a request costs, and nothing for its records. */
const recordsFew = 5
const clients = 8
const rounds = 40
const recordsPerSmallRequest = 50

type Counts = { writes: number; syncs: number }

const counting = (counts: Counts, filesystem: Filesystem): Filesystem => ({
  ...filesystem,
  open: async (path, mode): Promise<OpenFile> => {
    const file = await filesystem.open(path, mode)
    return {
      ...file,
      write: (pieces, offset) => {
        counts.writes += 1
        return file.write(pieces, offset)
      },
      datasync: () => {
        counts.syncs += 1
        return file.datasync()
      },
    }
  },
})

const answer = 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'

/** Answers each request 200, and allocates next to nothing for it. */
const openBareSink = async (t: TestContext): Promise<string> => {
  const server = createServer((socket) => {
    let left = 0
    socket.on('data', (chunk) => {
      const at = left === 0 ? chunk.indexOf('\r\n\r\n') : -1
      if (at >= 0) {
        const head = chunk.toString('latin1', 0, at)
        left = at + 4 + Number(/content-length: (\d+)/i.exec(head)?.[1])
      }
      left -= chunk.length
      if (left === 0) socket.write(answer)
    })
    socket.on('error', () => socket.destroy())
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.after(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Sends a request of so many records, the same again and again; resolves with each answer. */
const openClient = async (t: TestContext, url: string) => {
  const { hostname, port, host } = new URL(url)
  const socket = connect(Number(port), hostname)
  t.after(() => socket.destroy())
  await once(socket, 'connect')
  return (records: number) => {
    const body = patternOf({ service: 'shop', records, recordBytes: 512 }).request(0)
    const head = `POST /v1/logs HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/x-protobuf\r\ncontent-length: ${body.length}\r\n\r\n`
    return async (): Promise<void> => {
      socket.write(head)
      socket.write(body)
      const [said] = await once(socket, 'data')
      assert.match(String(said), /^HTTP\/1.1 200 /)
    }
  }
}

/** One request after the other, each to its very end, so that each is a batch and a send of its own. */
const sendAll = async (
  { observed }: RunningPipeline,
  send: () => Promise<void>,
  count: number,
): Promise<void> => {
  for (let sent = 0; sent < count; sent += 1) {
    await send()
    await settled(observed)
  }
}

/** Looks again and again, and costs next to nothing: what is counted here is not to be its own. */
const settled = ({ ledger }: RunningPipeline['observed']): Promise<void> =>
  new Promise((resolve) => {
    const look = (): void => {
      if (ledger.totals().pending === 0) resolve()
      else setTimeout(look, lookMs)
    }
    look()
  })

const opened = async (t: TestContext) => {
  const folder = await workspace()
  t.after(() => folder[Symbol.asyncDispose]())
  const sinkUrl = await openBareSink(t)
  const text = JSON.stringify({
    data_dir: folder.path,
    sources: { otlp_http: { listen: '127.0.0.1:0' } },
    endpoint: { url: sinkUrl },
  })
  const loaded = parseConfig(text, { folder: folder.path, environment: {} })
  assert.ok(loaded.kind === 'valid', JSON.stringify(loaded))
  const counts: Counts = { writes: 0, syncs: 0 }
  const world = { ...realWorld, filesystem: counting(counts, realWorld.filesystem) }
  const log = openLog({ write: () => undefined, level: 'error', now: Date.now })
  const pipeline = await startPipeline(loaded.config, { log, world })
  t.after(pipeline.stop)
  const url = pipeline.sources['otlp_http'] ?? ''
  const client = await openClient(t, url)
  const [many, few] = [client(recordsPerRequest), client(recordsFew)]
  await sendAll(pipeline, many, warmUpRequests)
  return {
    counts,
    pipeline,
    go: () => sendAll(pipeline, many, requests),
    goWithFew: () => sendAll(pipeline, few, requests),
    goTogether: async () => {
      const sends = await Promise.all(
        Array.from({ length: clients }, async () =>
          (await openClient(t, url))(recordsPerSmallRequest),
        ),
      )
      for (let round = 0; round < rounds; round += 1) {
        await Promise.all(sends.map((send) => send()))
        await settled(pipeline.observed)
      }
    },
  }
}
type Opened = Awaited<ReturnType<typeof opened>>

const messagesOf = async (
  { pipeline }: Pick<Opened, 'pipeline'>,
  go: () => Promise<void>,
): Promise<number> => {
  let messages = 0
  const leave = pipeline.observed.follow(({ type }) => {
    if (type === 'message.taken') messages += 1
  })
  await go()
  leave()
  return messages
}

const promisesOf = async ({ go }: Opened): Promise<number> => {
  let promises = 0
  const hook = createHook({
    init: (_id, type) => {
      if (type === 'PROMISE') promises += 1
    },
  }).enable()
  await go()
  hook.disable()
  return promises
}

/** Of the heap alone: the bytes of payloads lie outside of it. */
const allocatedBytesOf = async (go: () => Promise<void>): Promise<number> => {
  const session = new Session()
  session.connect()
  await session.post('HeapProfiler.startSampling', {
    samplingInterval: samplingBytes,
    includeObjectsCollectedByMajorGC: true,
    includeObjectsCollectedByMinorGC: true,
  })
  await go()
  const { profile } = await session.post('HeapProfiler.stopSampling')
  session.disconnect()
  const sizeOf = (node: typeof profile.head): number =>
    node.children.reduce((sum, child) => sum + sizeOf(child), node.selfSize)
  return sizeOf(profile.head)
}

/**
 * A request of 500 records. Two writes and two syncs: of the ring, before the client has its answer, and of
 * the journal, once the endpoint has it. Segments, and the journal's space ahead, come on top now and then.
 * Nine messages: a group is offered, its append is asked for, done, and told; batches are leased, the attempt
 * is answered, its fates are recorded, the batches are settled, and the send ends. The rest is Node's HTTP,
 * twice, and XState's.
 */
const bounds = { writes: 2.2, syncs: 2.2, messages: 11, promises: 180, allocatedBytes: 900_000 }
const recordBytesMax = 64
/** Of what a request alone costs. Of eight that come at once the first is a group, the rest another: 0.25. */
const shareMax = 0.5

test('a request alone costs no more than it did', async (t) => {
  const pipeline = await opened(t)
  const { counts } = pipeline
  const before = { ...counts }
  const messages = await messagesOf(pipeline, pipeline.go)
  const written = { writes: counts.writes - before.writes, syncs: counts.syncs - before.syncs }
  const promises = await promisesOf(pipeline)
  const allocatedBytes = await allocatedBytesOf(pipeline.go)
  const seen = { ...written, messages, promises, allocatedBytes }
  for (const name of Object.keys(bounds) as (keyof typeof bounds)[])
    await t.test(`${name} of a request: ${bounds[name]} at most`, () => {
      const each = seen[name] / requests
      t.diagnostic(`${name}: ${each.toFixed(1)} a request`)
      assert.ok(each > 0 && each <= bounds[name], `${each} ${name} a request`)
    })

  const fewBytes = await allocatedBytesOf(pipeline.goWithFew)
  await t.test('nothing is allocated for a record', () => {
    const each = (allocatedBytes - fewBytes) / requests / (recordsPerRequest - recordsFew)
    t.diagnostic(`${each.toFixed(1)} bytes a record`)
    assert.ok(each < recordBytesMax, `${each} bytes a record`)
  })
})

test('clients that send at the same time share what a request costs', async (t) => {
  const pipeline = await opened(t)
  const { counts } = pipeline
  const costOf = async (go: () => Promise<void>, sent: number) => {
    const before = { ...counts }
    const messages = await messagesOf(pipeline, go)
    return { messages: messages / sent, syncs: (counts.syncs - before.syncs) / sent }
  }
  const alone = await costOf(pipeline.go, requests)
  const together = await costOf(pipeline.goTogether, clients * rounds)
  for (const name of ['messages', 'syncs'] as const) {
    const share = together[name] / alone[name]
    t.diagnostic(`${name}: ${share.toFixed(2)} of those of a request alone`)
    assert.ok(share > 0 && share <= shareMax, `${share} of the ${name}`)
  }
})
