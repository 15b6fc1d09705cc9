import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parse } from 'yaml'
import { installedPeers, peerNames, peers } from '../../bench/peers/installed-peers.ts'

const at = { folder: '/folder', port: 4_318, sink: new URL('http://127.0.0.1:29418/') }

test('each peer is told where to listen, where to send, and where its queue is', () => {
  for (const { name, config } of peers) {
    const text = config(at)
    for (const word of ['4318', '29418', '/folder/queue', '127.0.0.1'])
      assert.ok(text.includes(word), `${name} is not told ${word}`)
  }
})

test('what is written for a peer that reads YAML is YAML, and means what was meant', () => {
  const read = (name: string): unknown =>
    parse(peers.find((it) => it.name === name)?.config(at) ?? '')
  assert.partialDeepStrictEqual(read('otelcol'), {
    extensions: { file_storage: { fsync: true } },
    exporters: { otlp_http: { endpoint: 'http://127.0.0.1:29418' } },
  })
  assert.partialDeepStrictEqual(read('fluent-bit'), {
    service: { 'storage.sync': 'full', 'storage.path': '/folder/queue' },
    pipeline: { inputs: [{ 'storage.type': 'filesystem' }], outputs: [{ port: 29_418 }] },
  })
  assert.partialDeepStrictEqual(read('fluent-bit-normal'), {
    service: { 'storage.sync': 'normal', 'storage.path': '/folder/queue' },
  })
  assert.partialDeepStrictEqual(read('vector'), {
    sinks: {
      out: { uri: 'http://127.0.0.1:29418/', buffer: { type: 'disk', when_full: 'block' } },
    },
  })
})

test('of the peers that are asked for, each is there or told to be missing, and why', async () => {
  const { subjects, missing } = await installedPeers(peerNames)
  const told = [...subjects, ...missing].map(({ name }) => name)
  assert.deepEqual(told.toSorted(), peerNames.toSorted())
  for (const { origin } of missing) assert.notEqual(origin, '')
})
