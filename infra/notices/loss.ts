/** What a notice says about lost records: exact sums over drop events, and a bounded list of ranges. */
import type { Drop, DropReason } from '../../schemas/messages.ts'

export type Loss = {
  /** Drop events that are told of. */
  readonly drops: number
  readonly records: number
  readonly bytes: number
  readonly firstDropId: string
  readonly lastDropId: string
  /** When the first and the last were written down. */
  readonly firstAtMs: number
  readonly lastAtMs: number
  /** The times that the lost records carry; 0 where none had one. */
  readonly fromMs: number
  readonly toMs: number
  /** Records. */
  readonly reasons: Readonly<Partial<Record<DropReason, number>>>
  readonly ranges: readonly LostStretch[]
  /** Drop events that are in the sums and in no range. */
  readonly rangesOmitted: number
}
export type LostStretch = Omit<Drop, 'id' | 'atMs' | 'tenant' | 'detail'>

const rangesMax = 50

export const lossOf = (drop: Drop): Loss => ({
  drops: 1,
  records: drop.records,
  bytes: drop.bytes,
  firstDropId: drop.id,
  lastDropId: drop.id,
  firstAtMs: drop.atMs,
  lastAtMs: drop.atMs,
  fromMs: drop.fromMs,
  toMs: drop.toMs,
  reasons: { [drop.reason]: drop.records },
  ranges: [stretchOf(drop)],
  rangesOmitted: 0,
})

/** A loss and one more drop event, whose id is greater than all before. */
export const joined = (loss: Loss, drop: Drop): Loss => ({
  drops: loss.drops + 1,
  records: loss.records + drop.records,
  bytes: loss.bytes + drop.bytes,
  firstDropId: loss.firstDropId,
  lastDropId: drop.id,
  firstAtMs: Math.min(loss.firstAtMs, drop.atMs),
  lastAtMs: Math.max(loss.lastAtMs, drop.atMs),
  fromMs: earliest(loss.fromMs, drop.fromMs),
  toMs: Math.max(loss.toMs, drop.toMs),
  reasons: {
    ...loss.reasons,
    [drop.reason]: (loss.reasons[drop.reason] ?? 0) + drop.records,
  },
  ...withRange(loss, stretchOf(drop)),
})

/** The sums alone, where there is no room for ranges. */
export const withoutRanges = (loss: Loss): Loss => ({
  ...loss,
  ranges: [],
  rangesOmitted: loss.drops,
})

const withRange = (
  { ranges, rangesOmitted }: Pick<Loss, 'ranges' | 'rangesOmitted'>,
  next: LostStretch,
): Pick<Loss, 'ranges' | 'rangesOmitted'> => {
  const before = ranges.findIndex(
    (range) =>
      range.lastSeq + 1 === next.firstSeq &&
      range.service === next.service &&
      range.producer === next.producer &&
      range.reason === next.reason,
  )
  const known = ranges[before]
  if (known !== undefined)
    return { ranges: ranges.with(before, longer(known, next)), rangesOmitted }
  return ranges.length < rangesMax
    ? { ranges: [...ranges, next], rangesOmitted }
    : { ranges, rangesOmitted: rangesOmitted + 1 }
}

const longer = (range: LostStretch, next: LostStretch): LostStretch => ({
  ...range,
  lastSeq: next.lastSeq,
  records: range.records + next.records,
  bytes: range.bytes + next.bytes,
  fromMs: earliest(range.fromMs, next.fromMs) as LostStretch['fromMs'],
  toMs: Math.max(range.toMs, next.toMs) as LostStretch['toMs'],
})

const stretchOf = ({ id: _, atMs: __, tenant: ___, detail: ____, ...stretch }: Drop): LostStretch =>
  stretch

/** 0 stands for no time at all. */
const earliest = (one: number, other: number): number =>
  one === 0 || other === 0 ? Math.max(one, other) : Math.min(one, other)
