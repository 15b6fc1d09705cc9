/** The record log, the ledger and the journal do what they were asked, or fail to. */
import type { Segment, SegmentWritten } from '../../actors/cache/protocol.ts'
import type { Fate, Loss } from '../../actors/delivery/protocol.ts'
import type { EndpointManagerContext } from '../../actors/endpoint-manager/context.ts'
import { mintEviction, mintSettlement } from '../../infra/ledger/settlement.ts'
import type { Batch, Held, Position } from '../../schemas/messages.ts'
import type { Move } from './move.ts'
import { type Asked, type File, type Outside, recordsOf, spent } from './outside.ts'
import type { Message } from './player.ts'
import { batchBytes } from './scene.ts'
import { holds } from './violation.ts'
import type { Theatre, World } from './world.ts'

type Done = { readonly outside: Outside; readonly answer: Message; readonly to?: string }
type AskedOf<Port extends Asked['port']> = Extract<Asked, { readonly port: Port }>
const message = (it: Message & Readonly<Record<string, unknown>>): Message => it

export const diskMoves = (theatre: Theatre, world: World): readonly Move[] => {
  const { outside } = world
  const moves = outside.asked.flatMap((id, index) => {
    if (index > 0 && outside.asked[index - 1] === id) return []
    const asked = theatre.asked.at(id)
    const rest = { ...outside, asked: outside.asked.toSpliced(index, 1) }
    const doneMove = move(theatre, world, 'answer', asked, () => done(theatre, rest, asked))
    if (outside.left.faults === 0) return [doneMove]
    const failing = failuresOf(asked).map((answer) =>
      move(theatre, world, 'choice', asked, () => ({ outside: spent(rest, 'faults'), answer })),
    )
    return [doneMove, ...failing]
  })
  return [...moves, ...journalMoves(theatre, world)]
}

const move = (
  theatre: Theatre,
  world: World,
  kind: 'answer' | 'choice',
  asked: Asked,
  act: () => Done,
): Move => {
  const to = asked.port === 'fates' ? asked.sendId : 'cache'
  const how = kind === 'answer' ? 'done' : 'failed'
  return {
    kind,
    from: asked.port === 'fates' ? 'ledger' : 'disk',
    to,
    what: `${asked.port} is ${how}`,
    next: () => {
      const { outside, answer } = act()
      return theatre.told({ ...world, outside }, to, answer)
    },
  }
}

/** What was asked is done, durably, all at once. */
export const done = (theatre: Theatre, outside: Outside, asked: Asked): Done => {
  switch (asked.port) {
    case 'recover': {
      const segments = outside.files.map((file) => segmentOf(theatre, outside, file))
      return { outside, answer: message({ type: 'log.recovered', segments }) }
    }
    case 'append':
      return appended(theatre, outside, asked)
    case 'load':
      return { outside, answer: loaded(theatre, outside, asked) }
    case 'evict':
      return evicted(theatre, outside, asked)
    case 'retire':
      return removed({ ...outside, retired: [...outside.retired, asked.segment] }, asked.segment)
    case 'remove':
      return removed(outside, asked.segment)
    case 'fates':
      return recorded(theatre, outside, asked)
  }
}

const failuresOf = (asked: Asked): readonly Message[] => {
  switch (asked.port) {
    case 'append': {
      const { appendId } = asked
      return [message({ type: 'log.failed', appendId, reason: 'disk_full' })]
    }
    case 'evict':
      return [message({ type: 'eviction.failed', segment: asked.segment, detail: 'EIO' })]
    case 'remove':
    case 'retire':
      return [message({ type: 'removal.failed', segment: asked.segment, detail: 'EIO' })]
    case 'fates':
      return [message({ type: 'fates.failed', detail: 'EIO' })]
    default:
      return []
  }
}

const unended = (outside: Outside, { held }: File): readonly number[] =>
  held.filter((id) => !(id in outside.ends))

const writtenOf = ({ id, priority, held, sealed }: File): SegmentWritten => ({
  id,
  priority,
  bytes: held.length * batchBytes,
  sealed: sealed === 'yes',
})
const segmentOf = (_: Theatre, outside: Outside, file: File): Segment => ({
  ...writtenOf(file),
  batches: unended(outside, file).length,
})

const appended = (theatre: Theatre, outside: Outside, asked: AskedOf<'append'>): Done => {
  const files = [...outside.files]
  let { lastFile } = outside
  const written = new Set<number>()
  const held: Held[] = []
  const accepted: number[] = []
  for (const batch of asked.batches as readonly Batch[]) {
    const open = files.find((it) => it.priority === batch.priority && it.sealed === 'no')
    const isFull = open !== undefined && open.held.length >= theatre.scene.fileBatchesMax
    if (open !== undefined && isFull) {
      files[files.indexOf(open)] = { ...open, sealed: 'yes' }
      written.add(open.id)
    }
    const id = open === undefined || isFull ? lastFile + 1 : open.id
    lastFile = Math.max(lastFile, id)
    const at: Position = {
      segment: id,
      offset: open === undefined || isFull ? 1 : open.held.length + 1,
    }
    const it: Held = { batch, at }
    const number = theatre.helds.idOf(it)
    const file = files.find((other) => other.id === id)
    const grown = {
      id,
      priority: batch.priority,
      held: [...(file?.held ?? []), number],
      sealed: 'no',
    } as const
    if (file === undefined) files.push(grown)
    else files[files.indexOf(file)] = grown
    held.push(it)
    accepted.push(number)
    written.add(id)
  }
  const bytes = files.reduce((sum, file) => sum + file.held.length * batchBytes, 0)
  const { capacityBytes } = theatre.inputs.cache
  holds(bytes <= capacityBytes, () => `the record log has ${bytes} bytes of ${capacityBytes}`)
  return {
    outside: {
      ...outside,
      files,
      lastFile,
      accepted: [...outside.accepted, ...accepted],
      lastKept: asked.appendId,
    },
    answer: message({
      type: 'log.appended',
      appendId: asked.appendId,
      held,
      segments: files.filter(({ id }) => written.has(id)).map(writtenOf),
    }),
  }
}

const isBehind = (at: Position, after: Position | null): boolean =>
  after === null ||
  at.segment > after.segment ||
  (at.segment === after.segment && at.offset > after.offset)

const loaded = (
  theatre: Theatre,
  outside: Outside,
  { priority, after, batchesMax }: AskedOf<'load'>,
): Message => {
  const behind = outside.files
    .filter((file) => file.priority === priority)
    .flatMap((file) => file.held)
    .filter((id) => isBehind(theatre.helds.at(id).at, after))
  const held: Held[] = []
  let through: Position | null = null
  for (const id of behind) {
    if (held.length >= batchesMax) break
    const it = theatre.helds.at(id)
    if (!(id in outside.ends)) held.push(it)
    through = it.at
  }
  return message({ type: 'batches.loaded', priority, held, through })
}

const evicted = (theatre: Theatre, outside: Outside, { segment }: AskedOf<'evict'>): Done => {
  const file = outside.files.find(({ id }) => id === segment)
  const lost = file === undefined ? [] : unended(outside, file)
  const ends = { ...outside.ends }
  let dropped = 0
  for (const id of lost) {
    const records = recordsOf(theatre.helds.at(id))
    ends[id] = [0, records]
    dropped += records
  }
  const eviction = mintEviction({ segment, batches: lost.length, dropped })
  const all = outside.evicted.includes(segment) ? outside.evicted : [...outside.evicted, segment]
  return {
    outside: { ...outside, ends, evicted: all },
    answer: message({ type: 'eviction.recorded', eviction }),
  }
}

const removed = (outside: Outside, segment: number): Done => ({
  outside: { ...outside, files: outside.files.filter(({ id }) => id !== segment) },
  answer: message({ type: 'segment.removed', segment }),
})

/** The first end of a batch counts; a later one has its settlement all the same. */
const recorded = (theatre: Theatre, outside: Outside, { fates }: AskedOf<'fates'>): Done => {
  const ends = { ...outside.ends }
  const settlements = fates.map((fate) => {
    const id = theatre.helds.idOf(fate.held)
    const dropped = fate.drops.reduce((sum, { records }) => sum + records, 0)
    checkFate(theatre, outside, fate, dropped)
    const before = ends[id]
    if (before === undefined) ends[id] = [fate.delivered, dropped]
    else if (theatre.system.secondEnd === 'counted') {
      ends[id] = [before[0] + fate.delivered, before[1] + dropped]
    }
    const [delivered, lost] = before ?? [fate.delivered, dropped]
    return mintSettlement(fate.held, { delivered, dropped: lost })
  })
  return { outside: { ...outside, ends }, answer: message({ type: 'fates.recorded', settlements }) }
}

const checkFate = (
  theatre: Theatre,
  { took }: Outside,
  { held, delivered, drops }: Fate,
  dropped: number,
): void => {
  const { id } = held.batch
  const records = recordsOf(held)
  holds(
    delivered + dropped === records,
    () => `${id} ends as ${delivered} delivered and ${dropped} dropped of ${records}`,
  )
  const isTaken = delivered === 0 || took.includes(theatre.helds.idOf(held))
  holds(isTaken, () => `${id} ends as delivered, and no endpoint has taken it`)
  for (const loss of drops)
    holds(isWarranted(theatre, loss), () => `${id} is dropped as ${loss.reason} for no reason`)
}

/** Whether what the scene lets happen can be a reason to drop something. */
const isWarranted = ({ scene, inputs }: Theatre, { reason }: Loss): boolean => {
  switch (reason) {
    case 'rejected_by_endpoint':
      return scene.refusals.includes('rejected') || scene.refusals.includes('tooLarge')
    case 'partially_rejected':
      return scene.refusals.includes('partial')
    case 'cache_corrupt':
      return scene.refusals.includes('unreadable')
    case 'expired':
      return inputs.delivery.ageMsMax > 0
    default:
      return false
  }
}

/** The journal is one file: what was asked first is written first. */
const journalMoves = (theatre: Theatre, world: World): readonly Move[] => {
  const { outside } = world
  const [first, ...writes] = outside.writes
  if (first === undefined) return []
  const { write, ...draft } = first
  const journal = [...outside.journal, draft]
  const context = theatre.contextOf(world, 'endpoint-manager') as unknown as EndpointManagerContext
  const isOwn = theatre.system.journalAnswers === 'to their own write'
  const numbered = { write: isOwn ? write : (context.writing?.write ?? write) }
  const to = 'endpoint-manager'
  const kept: Move = {
    kind: 'answer',
    from: 'journal',
    to,
    what: `${draft.url} is journaled as epoch ${journal.length}`,
    next: () => {
      const answer = message({ type: 'assignment.journaled', ...numbered, epoch: journal.length })
      return theatre.told({ ...world, outside: { ...outside, writes, journal } }, to, answer)
    },
  }
  if (outside.left.faults === 0) return [kept]
  const failed: Move = {
    kind: 'choice',
    from: 'journal',
    to,
    what: `${draft.url} is not journaled`,
    next: () => {
      const answer = message({ type: 'journal.failed', ...numbered, detail: 'EIO' })
      return theatre.told(
        { ...world, outside: { ...spent(outside, 'faults'), writes } },
        to,
        answer,
      )
    },
  }
  return [kept, failed]
}
