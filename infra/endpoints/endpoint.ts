import type { Piece, Verdict } from '../../actors/delivery/protocol.ts'
import type { InstantMs } from '../../schemas/brand.ts'
import type { Assignment } from '../../schemas/messages.ts'
import type { TraceHeaders } from '../telemetry/telemetry.ts'

/** Sends pieces to wherever an assignment says. */
export type Endpoint = {
  /**
   * One attempt. Resolves with a verdict whatever happens, by the deadline at the latest
   * (`unreachable`), or soon after `signal` aborts. Never rejects; a client that finishes later
   * changes nothing.
   */
  readonly attempt: (request: {
    readonly assignment: Assignment
    readonly piece: Piece
    readonly payload: readonly Uint8Array[]
    /** Called once nothing of the payload is used any more; not where that cannot be known. */
    readonly giveBack?: () => void
    readonly deadlineMs: InstantMs
    readonly signal: AbortSignal
    /** Where the attempt is in a trace; not there unless telemetry is on. */
    readonly trace?: TraceHeaders
  }) => Promise<Verdict>
  readonly close: () => Promise<void>
}
