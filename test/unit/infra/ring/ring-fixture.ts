import type { RecordLog, Unstored } from '../../../../infra/ring/record-log.ts'
import { openRing, type RingOptions } from '../../../../infra/ring/ring.ts'
import { batchId, instant, seq } from '../../../../schemas/brand.ts'
import type { Held, Position, Priority } from '../../../../schemas/messages.ts'
import { type FaultyDisk, openFaultyDisk } from '../../../support/faulty-disk.ts'

export const directory = '/data/ring'
export const nothingEnded = { segments: new Set<number>(), offsets: new Map() }

export const diskOf = (seed: number): FaultyDisk => openFaultyDisk({ seed })

export const ringOn = (disk: FaultyDisk, options: Partial<RingOptions> = {}): RecordLog =>
  openRing({
    filesystem: disk,
    directory,
    segmentBytes: 1024 * 1024,
    durability: 'fsync',
    payloadCacheBytes: 0,
    drawSalt: () => 0x5a17_c0de,
    ...options,
  })

/** A ring that is ready for appends. */
export const recovered = async (
  disk: FaultyDisk,
  options: Partial<RingOptions> = {},
): Promise<RecordLog> => {
  const ring = ringOn(disk, options)
  await ring.recover(nothingEnded)
  return ring
}

/** The batch of ten records that comes `index`-th in its stream, and a payload that says so. */
export const unstored = (
  index: number,
  options: { readonly priority?: Priority; readonly payload?: Buffer } = {},
): Unstored => {
  const payload = options.payload ?? payloadOf(index)
  const stream = { producer: 'edge-1', tenant: 'acme', service: 'auth' }
  const range = { firstSeq: seq(index * 10), lastSeq: seq(index * 10 + 9) }
  return {
    batch: {
      id: batchId({ ...stream, ...range }),
      ...stream,
      ...range,
      bytes: payload.length,
      priority: options.priority ?? 'normal',
      fromMs: instant(1_000 + index),
      toMs: instant(2_000 + index),
      acceptedAtMs: instant(3_000 + index),
    },
    payload: [payload],
  }
}

export const payloadOf = (index: number): Buffer => Buffer.from(`payload ${index}`)

export const priorities: readonly Priority[] = ['high', 'normal', 'low']

/** All that a ring offers, in small steps. */
export const loadAll = async (ring: RecordLog, batchesMax = 2): Promise<readonly Held[]> => {
  const all: Held[] = []
  for (const priority of priorities) {
    for (let after: Position | null = null; ; ) {
      const { held, through } = await ring.load({ priority, after, batchesMax })
      all.push(...held)
      if (through === null) break
      after = through
    }
  }
  return all
}

export const idsOf = (held: readonly Held[]): readonly string[] => held.map(({ batch }) => batch.id)

/** A ring on what is there, with the bytes of each batch that it serves. */
export const served = async (disk: FaultyDisk) => {
  const ring = ringOn(disk)
  const recovery = await ring.recover(nothingEnded)
  const batches = new Map<string, Buffer>()
  for (const held of await loadAll(ring))
    batches.set(held.batch.id, Buffer.concat((await ring.read(held)).payload))
  await ring.close()
  return { recovery, batches }
}
