/** What a seed makes of the configuration, the clients and the weather. */
import type { Config } from '../../pipeline/config/config.ts'
import { definePipeline } from '../../pipeline/define-pipeline.ts'
import type { Chance } from '../support/chance.ts'
import { hosts, urlOf } from './answers.ts'
import { second } from './timeline.ts'

export type Scenario = {
  readonly config: Config
  readonly clients: number
  readonly clientPauseUsMax: number
  readonly faultPauseUsMax: number
  /** How long faults go on. */
  readonly chaosUs: number
}

/** @param hooks drawn apart, so that the rest of a seed is as it was without. */
export const scenarioOf = (chance: Chance, hooks: Chance): Scenario => {
  const oneOf = <Value>(...values: readonly [Value, ...Value[]]): Value =>
    values[chance.below(values.length)] ?? values[0]
  const [first, ...others] = hosts
  const config = definePipeline(
    {
      name: 'sim',
      data_dir: '/sim',
      shutdown_timeout: oneOf('1s', '10s', '30s'),
      sources: { otlp_http: { listen: '127.0.0.1:0' } },
      cache: {
        capacity: oneOf('16KiB', '32KiB', '64KiB', '512KiB'),
        when_full: oneOf('overwrite_oldest', 'overwrite_oldest', 'refuse'),
        durability: oneOf('fsync', 'fsync', 'fsync', 'os'),
        priorities: [
          { match: { service: 'auth*' }, class: 'high' },
          { match: { service: 'debug*' }, class: 'low' },
        ],
      },
      batch: {
        max_records: oneOf(5, 20, 1000),
        max_bytes: oneOf('1KiB', '2KiB', '4KiB'),
        linger: oneOf('0ms', '0ms', '30ms'),
      },
      endpoint: {
        url: urlOf(first),
        redirects: { allow: others, max_hops: oneOf(1, 3, 5) },
      },
      notices: noticesBy(hooks),
      dispatch: {
        concurrency: oneOf(1, 3, 8),
        ordering: oneOf('none', 'none', 'stream'),
        attempt_timeout: oneOf('500ms', '3s', '10s'),
        backoff: { initial: oneOf('50ms', '1s'), max: oneOf('2s', '20s') },
        max_age: oneOf('0s', '0s', '20s'),
      },
    },
    { folder: '/' },
  )
  return {
    config,
    clients: 1 + chance.below(4),
    clientPauseUsMax: oneOf(1, 4, 12) * second,
    faultPauseUsMax: oneOf(2, 6, 20) * second,
    chaosUs: (20 + chance.below(100)) * second,
  }
}

const noticesBy = (hooks: Chance): object =>
  hooks.oneIn(2)
    ? {}
    : {
        linger: '1s',
        interval: '5s',
        attempt_timeout: '3s',
        backoff: { initial: '200ms', max: '5s' },
        give_up_after: '0s',
        budget: '256KiB',
        webhooks: [
          { url: 'http://all.hooks.test' },
          { url: 'http://acme.hooks.test', tenants: ['acme'] },
        ],
      }
