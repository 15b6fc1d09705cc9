/** What a program may use of Holdfast: a pipeline of one's own, started and watched in one process. */
export { openLog } from '../infra/telemetry/log.ts'
export type { Completeness, Gap } from './account/completeness.ts'
export { type CompletenessQuery, completenessOf } from './account/completeness-client.ts'
export type { Config } from './config/config.ts'
export { ConfigError, definePipeline } from './define-pipeline.ts'
export type { Observed, RunningPipeline } from './observed.ts'
export { startPipeline } from './pipeline.ts'
