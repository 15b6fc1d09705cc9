/**
 * The payloads that the dispatchers of a process have read from `records` and not sent yet. A partition
 * is read forwards, as long as there is room; whoever needs what lies elsewhere has it read from there.
 */
import type { InstantMs } from '../../schemas/brand.ts'
import type { Held } from '../../schemas/messages.ts'
import { LogError } from '../ring/log-error.ts'
import type { Loan } from '../ring/record-log.ts'
import type { Arrived, Membership, Placed } from './kafka.ts'

export type PayloadWindow = {
  /** These will be asked for: they are kept until they are let go of, or until their lease has ended. */
  readonly want: (held: readonly Held[], lease: Lease) => void
  /** The id of the message that leased it, as long as it is wanted. */
  readonly causationOf: (held: Pick<Held, 'at'>) => string | undefined
  /** The trace context that came with a payload, as long as it is kept. */
  readonly traceparentOf: (held: Pick<Held, 'at'>) => string | undefined
  readonly letGo: (held: readonly Pick<Held, 'at'>[], because: 'settled' | 'returned') => void
  readonly isWanted: (held: Pick<Held, 'at'>, nowMs: InstantMs) => boolean
  /** Forgets that those were wanted whose lease has ended. */
  readonly expire: (nowMs: InstantMs) => void
  /**
   * @throws {LogError} `gone` when it has been cut off, `corrupt` when it is there and cannot be read,
   * `storage_failed` when it does not come in time.
   */
  readonly read: (held: Held) => Promise<Loan>
  /** What the membership has read. */
  readonly received: (arrived: readonly Payload[]) => void
  /** Forgets partitions that are not ours any more; whoever waits for something of them is told so. */
  readonly forget: (partitions: readonly number[]) => void
  /** Of each partition, what lies below and need not be read again. */
  readonly settledTo: () => readonly Placed[]
}

type Payload = Extract<Arrived, { topic: 'records' }>
type Lease = { readonly untilMs: InstantMs; readonly messageId: string }
type Waiter = PromiseWithResolvers<Uint8Array> & {
  /** How often reading has passed over it. */
  missed: number
}
type Lane = {
  readonly partition: number
  readonly payloads: Map<number, Pick<Payload, 'payload' | 'traceparent'>>
  readonly wanted: Map<number, Lease>
  readonly waiting: Map<number, Waiter>
  bytes: number
  /** The offset that is read next, if nothing is sought; none before anything has arrived. */
  next: number | undefined
  flow: 'running' | 'paused'
  /** The greatest offset that is known to have ended. */
  done: number
  /** What went back to the cache, to be sent some time. */
  readonly returned: Set<number>
  checking: 'no' | 'yes'
}

export const openPayloadWindow = (given: {
  readonly reader: () => Pick<Membership, 'pause' | 'resume' | 'seek'> | undefined
  /** Of what is read ahead; what is wanted comes on top, and is bounded by what is leased. */
  readonly aheadBytesMax: number
  readonly timeoutMs: number
  /** The first offset of a partition of `records` that is still there. */
  readonly firstOf: (partition: number) => Promise<number>
  readonly after: (delayMs: number, call: () => void) => () => void
  /** Is told why a look at the topic failed; whoever waits is told when its time is over. */
  readonly report: (cause: unknown) => void
}): PayloadWindow => {
  const { reader, aheadBytesMax, timeoutMs, firstOf, after, report } = given
  const lanes = new Map<number, Lane>()

  const laneAt = (partition: number): Lane => {
    const known = lanes.get(partition)
    if (known !== undefined) return known
    const lane: Lane = {
      partition,
      payloads: new Map(),
      wanted: new Map(),
      waiting: new Map(),
      bytes: 0,
      next: undefined,
      flow: 'running',
      done: -1,
      returned: new Set(),
      checking: 'no',
    }
    lanes.set(partition, lane)
    return lane
  }
  const drop = (lane: Lane, offset: number): void => {
    lane.bytes -= lane.payloads.get(offset)?.payload.length ?? 0
    lane.payloads.delete(offset)
  }
  const setFlow = (lane: Lane, flow: Lane['flow']): void => {
    if (lane.flow === flow) return
    lane.flow = flow
    if (flow === 'paused') reader()?.pause('records', [lane.partition])
    else reader()?.resume('records', [lane.partition])
  }
  /** What was read and passed over goes first; if that is not enough, reading stops. */
  const balance = (lane: Lane): void => {
    if (lane.bytes > aheadBytesMax) {
      const last = Math.max(-1, ...lane.wanted.keys())
      for (const offset of lane.payloads.keys())
        if (offset < last && !lane.wanted.has(offset)) drop(lane, offset)
    }
    if (lane.bytes > aheadBytesMax && lane.waiting.size === 0) setFlow(lane, 'paused')
    else if (lane.bytes <= aheadBytesMax / 2 || lane.waiting.size > 0) setFlow(lane, 'running')
  }
  const seek = (lane: Lane): void => {
    if (lane.waiting.size === 0) return
    const first = Math.min(...lane.waiting.keys())
    // It comes by itself when reading goes on from before it.
    if (lane.next !== undefined && lane.next <= first && first - lane.next < readAheadMax) {
      balance(lane)
      return
    }
    lane.next = first
    for (const offset of lane.payloads.keys()) if (!lane.wanted.has(offset)) drop(lane, offset)
    reader()?.seek('records', { partition: lane.partition, offset: first })
    balance(lane)
  }

  /**
   * Looks after those that reading has passed over. What was fetched before a seek may come after it, so
   * nothing is said to be gone but what Kafka says is gone, and nothing to be damaged but what is missing
   * between its neighbours again and again.
   */
  const check = async (lane: Lane): Promise<void> => {
    const isMissed = ([offset]: readonly [number, Waiter]): boolean => offset < (lane.next ?? 0)
    if (lane.checking === 'yes' || ![...lane.waiting].some(isMissed)) return
    lane.checking = 'yes'
    try {
      const first = await firstOf(lane.partition)
      for (const [offset, waiter] of [...lane.waiting].filter(isMissed)) {
        waiter.missed += 1
        const where = `Offset ${offset} of partition ${lane.partition} of records`
        const fault =
          offset < first
            ? new LogError('gone', `${where} has been cut off: the first one there is ${first}.`)
            : waiter.missed > missesMax
              ? new LogError('corrupt', `${where} is there, and what it holds cannot be read.`)
              : undefined
        if (fault === undefined) continue
        lane.waiting.delete(offset)
        waiter.reject(fault)
      }
      seek(lane)
    } catch (cause) {
      report(cause)
    } finally {
      lane.checking = 'no'
    }
  }

  return {
    want: (held, lease) => {
      for (const { at } of held) {
        const lane = laneAt(at.segment)
        lane.wanted.set(at.offset, lease)
        lane.returned.delete(at.offset)
      }
    },
    letGo: (held, because) => {
      const touched = new Set<Lane>()
      for (const { at } of held) {
        const lane = laneAt(at.segment)
        lane.wanted.delete(at.offset)
        if (because === 'settled') lane.done = Math.max(lane.done, at.offset)
        else note(lane.returned, at.offset)
        drop(lane, at.offset)
        touched.add(lane)
      }
      for (const lane of touched) balance(lane)
    },
    causationOf: ({ at }) => lanes.get(at.segment)?.wanted.get(at.offset)?.messageId || undefined,
    traceparentOf: ({ at }) =>
      lanes.get(at.segment)?.payloads.get(at.offset)?.traceparent ?? undefined,
    isWanted: ({ at }, nowMs) =>
      (lanes.get(at.segment)?.wanted.get(at.offset)?.untilMs ?? 0) > nowMs,
    expire: (nowMs) => {
      for (const lane of lanes.values()) {
        for (const [offset, { untilMs }] of lane.wanted)
          if (untilMs <= nowMs) lane.wanted.delete(offset)
        balance(lane)
      }
    },
    read: async ({ at, batch }) => {
      const lane = laneAt(at.segment)
      const known = lane.payloads.get(at.offset)
      if (known !== undefined) return lent(known.payload)
      const waiter: Waiter = lane.waiting.get(at.offset) ?? {
        ...Promise.withResolvers<Uint8Array>(),
        missed: 0,
      }
      lane.waiting.set(at.offset, waiter)
      seek(lane)
      const callOff = after(timeoutMs, () => {
        lane.waiting.delete(at.offset)
        waiter.reject(
          new LogError(
            'storage_failed',
            `Batch ${batch.id} was not read from Kafka within ${timeoutMs} ms; it is tried again.`,
          ),
        )
      })
      try {
        return lent(await waiter.promise)
      } finally {
        callOff()
      }
    },
    received: (arrived) => {
      const touched = new Set<Lane>()
      for (const { partition, offset, payload, traceparent } of arrived) {
        const lane = laneAt(partition)
        touched.add(lane)
        lane.next = offset + 1
        if (!lane.payloads.has(offset)) {
          lane.payloads.set(offset, { payload, traceparent })
          lane.bytes += payload.length
        }
        lane.waiting.get(offset)?.resolve(payload)
        lane.waiting.delete(offset)
      }
      for (const lane of touched) {
        balance(lane)
        void check(lane)
      }
    },
    forget: (partitions) => {
      for (const partition of partitions) {
        const lane = lanes.get(partition)
        lanes.delete(partition)
        for (const [offset, waiter] of lane?.waiting ?? [])
          waiter.reject(
            new LogError(
              'storage_failed',
              `Offset ${offset} of partition ${partition} is another dispatcher's to read by now.`,
            ),
          )
      }
    },
    settledTo: () =>
      [...lanes.values()].flatMap(({ partition, wanted, returned, done }) =>
        done < 0 ? [] : [{ partition, offset: Math.min(done + 1, ...wanted.keys(), ...returned) }],
      ),
  }
}

/** Messages that are read and passed over rather than sought, since seeking costs a request. */
/** The memory is the client's for Kafka, which has other messages in it. */
const lent = (payload: Uint8Array): Loan => ({ payload: [payload], giveBack: () => undefined })

const readAheadMax = 256
const missesMax = 3

/** More are forgotten, oldest first: the cache may have evicted them, and nobody says so here. */
const returnedMax = 10_000
const note = (returned: Set<number>, offset: number): void => {
  returned.add(offset)
  const [oldest] = returned
  if (oldest !== undefined && returned.size > returnedMax) returned.delete(oldest)
}
