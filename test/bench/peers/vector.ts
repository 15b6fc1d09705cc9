import { join } from 'node:path'
import { fromPath, type Peer } from './peer.ts'

/**
 * JSON is YAML to it. It answers when its disk buffer has a record, which it syncs each 500 ms. What goes
 * out is lines of JSON, one a record. Waits between attempts are whole seconds there.
 */
export const vector: Peer = {
  name: 'vector',
  durability: 'disk buffer, synced later',
  speaks: 'otlp',
  program: 'vector',
  origin: fromPath,
  words: ({ config }) => ['--quiet', '--config-yaml', config],
  config: ({ folder, port, sink }) =>
    JSON.stringify({
      data_dir: join(folder, 'queue'),
      sources: {
        on: {
          type: 'opentelemetry',
          // Asked for as well, and used by nobody here.
          grpc: { address: '127.0.0.1:0' },
          http: { address: `127.0.0.1:${port}` },
        },
      },
      sinks: {
        out: {
          type: 'http',
          inputs: ['on.logs'],
          uri: sink.href,
          method: 'post',
          encoding: { codec: 'json' },
          framing: { method: 'newline_delimited' },
          batch: { max_bytes: 2_000_000, timeout_secs: 0.2 },
          request: { retry_initial_backoff_secs: 1, retry_max_duration_secs: 2 },
          buffer: { type: 'disk', max_size: 8 * 2 ** 30, when_full: 'block' },
          acknowledgements: { enabled: true },
        },
      },
    }),
}
