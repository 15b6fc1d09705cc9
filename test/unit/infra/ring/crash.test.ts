import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Appended, RecordLog } from '../../../../infra/ring/record-log.ts'
import type { FaultyDisk } from '../../../support/faulty-disk.ts'
import { diskOf, loadAll, nothingEnded, ringOn, unstored } from './ring-fixture.ts'

const seedsPerStop = 8
/** Small, so that the script below fills and seals segments. */
const options = { segmentBytes: 1_500, segmentFramesMax: 4, report: () => undefined }

/** What a client was told, and what may be there besides. */
type Account = {
  readonly acknowledged: Map<string, Buffer>
  readonly attempted: Map<string, Buffer>
  /** Segments whose end the journal knows, since their removal is not certain yet. */
  readonly removing: Set<number>
  /** Batches in segments that are gone for certain. */
  readonly gone: Set<string>
  readonly ids: number[]
}
const newAccount = (): Account => ({
  acknowledged: new Map(),
  attempted: new Map(),
  removing: new Set(),
  gone: new Set(),
  ids: [],
})

const append = async (
  ring: RecordLog,
  account: Account,
  batches: readonly ReturnType<typeof unstored>[],
): Promise<Appended> => {
  const payloads = batches.map(({ batch, payload }) => [batch.id, Buffer.concat(payload)] as const)
  for (const [id, payload] of payloads) account.attempted.set(id, payload)
  const { held, segments } = await ring.append(batches)
  for (const [id, payload] of payloads) account.acknowledged.set(id, payload)
  account.ids.push(...held.map(({ at }) => at.segment), ...segments.map(({ id }) => id))
  return { held, segments }
}

/** Appends alone and together, to all priorities, over several segments, and removes some. */
const script = async (ring: RecordLog, account: Account): Promise<void> => {
  await append(ring, account, [unstored(0)])
  await Promise.all([
    append(ring, account, [unstored(1), unstored(2, { priority: 'high' })]),
    append(ring, account, [unstored(3, { payload: Buffer.alloc(900, 3) })]),
    append(ring, account, [unstored(4)]),
  ])
  await append(ring, account, [unstored(5, { payload: Buffer.alloc(2_000, 5) }), unstored(6)])
  await remove(ring, account, 1)
  await append(ring, account, [
    unstored(7),
    unstored(8),
    unstored(9),
    unstored(10, { priority: 'low' }),
    unstored(11),
  ])
  const { held } = await append(ring, account, [unstored(12)])
  // The newest of all.
  await remove(ring, account, held[0]?.at.segment ?? 0)
  await ring.close()
}

const remove = async (ring: RecordLog, account: Account, segment: number): Promise<void> => {
  // Recorded as lost before a byte is removed, as the ledger does it.
  account.removing.add(segment)
  const held = await ring.unended(segment)
  for (const { batch } of held) account.acknowledged.delete(batch.id)
  await ring.remove(segment)
  // From here on a checkpoint of the journal may forget it.
  account.removing.delete(segment)
  for (const { batch } of held) account.gone.add(batch.id)
}

/** Runs the script until the disk stops; then the power goes, or only the process. */
const runUntil = async (
  disk: FaultyDisk,
  { stop, end }: { readonly stop: number; readonly end: 'crash' | 'kill' },
): Promise<Account> => {
  const account = newAccount()
  disk.stopAt(stop)
  try {
    const ring = ringOn(disk, options)
    await ring.recover(nothingEnded)
    await script(ring, account)
  } catch (cause) {
    assert.match(String((cause as Error).message), /EPOWER/)
  }
  disk[end]()
  return account
}

const operationsOfScript = async (): Promise<number> => {
  const disk = diskOf(1)
  await runUntil(disk, { stop: Number.POSITIVE_INFINITY, end: 'crash' })
  return disk.changes()
}

test('wherever the power goes, every acknowledged batch is there and no byte is wrong', async () => {
  const operations = await operationsOfScript()
  assert.ok(operations > 40, `${operations} operations`)
  for (let stop = 1; stop <= operations + 1; stop += 1) {
    for (let seed = 1; seed <= seedsPerStop; seed += 1) {
      const where = `stop ${stop}, seed ${seed}`
      const disk = diskOf(seed * 1_000 + stop)
      const account = await runUntil(disk, { stop, end: seed % 3 === 0 ? 'kill' : 'crash' })
      const shown = await assertKept(disk, account, where)
      // What a recovery has shown is there after the next power cut too, and nothing else.
      disk.crash()
      const again = await assertKept(disk, { ...account, removing: new Set() }, `${where}, again`)
      assert.deepEqual(again, shown, `${where}: other batches after the next power cut`)
      await assertFreshIds(disk, account, where)
    }
  }
})

const assertKept = async (
  disk: FaultyDisk,
  account: Account,
  where: string,
): Promise<ReadonlySet<string>> => {
  const ring = ringOn(disk, options)
  const recovery = await ring.recover({ segments: account.removing, offsets: new Map() })
  const served = new Map<string, Buffer>()
  for (const held of await loadAll(ring))
    served.set(held.batch.id, Buffer.concat((await ring.read(held)).payload))
  for (const [id, payload] of served) {
    assert.deepEqual(payload, account.attempted.get(id), `${where}: ${id} has other bytes`)
  }
  for (const id of account.gone) assert.ok(!served.has(id), `${where}: ${id} came back`)
  for (const id of account.acknowledged.keys()) {
    assert.ok(served.has(id), `${where}: ${id} was acknowledged and is gone`)
  }
  for (const { held } of recovery.corrupt) {
    assert.ok(!account.acknowledged.has(held.batch.id), `${where}: ${held.batch.id} is corrupt`)
  }
  for (const { detail } of recovery.unknown) {
    assert.doesNotMatch(
      detail,
      /file's header/,
      `${where}: a new file had frames before its header`,
    )
  }
  await ring.close()
  return new Set(served.keys())
}

const assertFreshIds = async (disk: FaultyDisk, account: Account, where: string): Promise<void> => {
  const ring = ringOn(disk, options)
  await ring.recover(nothingEnded)
  const { segments } = await ring.append([unstored(99)])
  const fresh = segments[0]?.id ?? 0
  assert.ok(fresh > Math.max(0, ...account.ids, ...account.removing), `${where}: id ${fresh} again`)
  await ring.close()
}
