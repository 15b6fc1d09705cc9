import { join } from 'node:path'
import { fromPackages, type Peer } from './peer.ts'

export const otelcol: Peer = {
  name: 'otelcol',
  durability: 'fsync',
  speaks: 'otlp',
  program: 'otelcol',
  origin: fromPackages,
  words: ({ config }) => ['--config', config],
  config: ({ folder, port, sink }) =>
    JSON.stringify({
      extensions: { file_storage: { directory: join(folder, 'queue'), fsync: true } },
      receivers: { otlp: { protocols: { http: { endpoint: `127.0.0.1:${port}` } } } },
      exporters: {
        otlp_http: {
          endpoint: sink.origin,
          compression: 'none',
          sending_queue: { storage: 'file_storage', num_consumers: 8, queue_size: 100_000 },
          retry_on_failure: {
            initial_interval: '50ms',
            max_interval: '200ms',
            max_elapsed_time: 0,
          },
        },
      },
      service: {
        extensions: ['file_storage'],
        telemetry: { metrics: { level: 'none' }, logs: { level: 'error' } },
        pipelines: { logs: { receivers: ['otlp'], exporters: ['otlp_http'] } },
      },
    }),
}
