import type { Log } from '../../infra/telemetry/log.ts'
import type { Observed } from '../observed.ts'
import type { Answer } from './answer.ts'
import type { Body } from './body.ts'

/** A call that has passed the gate, of a pipeline that is up. */
export type Call = {
  readonly observed: Observed
  readonly search: URLSearchParams
  /** `example`: a body that would be right, for the answer to one that is none. */
  readonly body: (example: string) => Promise<Body>
  readonly nowMs: number
  readonly log: Log
}
export type Route = (call: Call) => Answer | Promise<Answer>
