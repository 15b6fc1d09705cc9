import { join } from 'node:path'
import { fromPath, type Peer } from './peer.ts'

/**
 * JSON is YAML to it. A chunk of its storage is a mapped file, which `storage.sync: full` writes back with
 * MS_SYNC, and `normal` with MS_ASYNC: once it is full or to be sent, which is after it has answered. Waits
 * between attempts are whole seconds there, so they are as short as they can be.
 */
const fluentBitWith = (sync: 'full' | 'normal'): Omit<Peer, 'name'> => ({
  durability: `storage.sync ${sync}`,
  speaks: 'otlp',
  program: 'fluent-bit',
  origin: fromPath,
  words: ({ config }) => ['--config', config],
  config: ({ folder, port, sink }) =>
    JSON.stringify({
      service: {
        flush: 0.2,
        grace: 5,
        log_level: 'error',
        'scheduler.base': 1,
        'scheduler.cap': 2,
        'storage.path': join(folder, 'queue'),
        'storage.sync': sync,
        'storage.checksum': 'off',
        'storage.max_chunks_up': 128,
        'storage.backlog.mem_limit': '128M',
      },
      pipeline: {
        inputs: [
          {
            name: 'opentelemetry',
            listen: '127.0.0.1',
            port,
            'storage.type': 'filesystem',
            buffer_max_size: '16M',
            successful_response_code: 200,
          },
        ],
        outputs: [
          {
            name: 'opentelemetry',
            match: '*',
            host: '127.0.0.1',
            port: Number(sink.port),
            logs_uri: '/v1/logs',
            log_response_payload: false,
            workers: 2,
            retry_limit: 'no_limits',
          },
        ],
      },
    }),
})

export const fluentBit: Peer = { name: 'fluent-bit', ...fluentBitWith('full') }
export const fluentBitNormal: Peer = { name: 'fluent-bit-normal', ...fluentBitWith('normal') }
