/**
 * What V8's sampling profiler wrote (`--cpu-prof`), as a tree of time and as a budget: where each
 * microsecond of the main thread went.
 */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** @see https://chromedevtools.github.io/devtools-protocol/tot/Profiler/#type-Profile */
type CpuProfile = {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly url: string }
    readonly children?: readonly number[]
  }[]
  readonly samples: readonly number[]
  /** Microseconds since the sample before. */
  readonly timeDeltas: readonly number[]
}

export type Frame = {
  readonly name: string
  /** Of the file, as V8 names it; empty for what is built in. */
  readonly url: string
  /** Microseconds in it and in what it called, and in itself alone. */
  readonly totalUs: number
  readonly selfUs: number
  readonly children: readonly Frame[]
}

/** Reads the profile of the main thread from a folder that a process wrote its profiles to. */
export const readProfile = async (folder: string): Promise<Frame> => {
  // CPU.<date>.<time>.<pid>.<thread>.<number>.cpuprofile
  const name = (await readdir(folder)).find((it) => it.split('.')[4] === '0')
  if (name === undefined) throw new Error(`There is no profile of a main thread in ${folder}.`)
  return frameTree(JSON.parse(await readFile(join(folder, name), 'utf8')))
}

/** From the first request that was taken in: how a process starts is another question. */
export const frameTree = ({ nodes, samples, timeDeltas }: CpuProfile): Frame => {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const isFirst = (id: number): boolean => {
    const { functionName = '', url = '' } = byId.get(id)?.callFrame ?? {}
    return functionName === 'offer' && url.includes('/sources/intake-queue')
  }
  const from = Math.max(0, samples.findIndex(isFirst))
  const selfUs = new Map<number, number>()
  for (const [index, id] of samples.entries())
    if (index >= from) selfUs.set(id, (selfUs.get(id) ?? 0) + (timeDeltas[index] ?? 0))
  const frameOf = (id: number): Frame => {
    const node = byId.get(id)
    const children = (node?.children ?? []).map(frameOf).filter(({ totalUs }) => totalUs > 0)
    const self = selfUs.get(id) ?? 0
    return {
      name: node?.callFrame.functionName || '(anonymous)',
      url: node?.callFrame.url ?? '',
      selfUs: self,
      totalUs: children.reduce((sum, { totalUs }) => sum + totalUs, self),
      children,
    }
  }
  return frameOf(nodes[0]?.id ?? 0)
}

/** Where time went, most first. Time in which the thread had nothing to do is left out. */
export const budgetOf = (
  root: Frame,
): readonly { readonly what: string; readonly us: number }[] => {
  const budget = new Map<string, number>()
  const visit = (frame: Frame, within: string): void => {
    const what = groupOf(frame, within)
    budget.set(what, (budget.get(what) ?? 0) + frame.selfUs)
    for (const child of frame.children) visit(child, what)
  }
  visit(root, 'Node: other')
  budget.delete(idle)
  return [...budget]
    .map(([what, us]) => ({ what, us }))
    .filter(({ us }) => us > 0)
    .sort((a, b) => b.us - a.us)
}

const idle = '(idle)'

/** Native functions belong to whoever called them, but for those that are told by name. */
const groupOf = ({ name, url }: Frame, within: string): string => {
  if (name === '(garbage collector)') return 'garbage collection'
  if (name === '(program)') return 'V8 and libuv themselves'
  if (name === idle) return idle
  if (url === '') return natives[name] ?? within
  return places.find(([place]) => url.includes(place))?.[1] ?? 'Node: other'
}

const natives: Readonly<Record<string, string>> = {
  writev: 'writing to sockets',
  writeBuffer: 'writing to sockets',
  writeLatin1String: 'writing to sockets',
  writeUtf8String: 'writing to sockets',
  writeBuffers: 'handing writes to the disk threads',
  fdatasync: 'handing syncs to the disk threads',
  crc32: 'CRC-32',
  runMicrotasks: 'promises',
}

const places: readonly (readonly [string, string])[] = [
  ['/node_modules/xstate/', 'XState'],
  ['/node_modules/undici/', 'undici'],
  ['/node_modules/avsc/', 'avsc'],
  ['/infra/otlp/', 'walking records'],
  ['/infra/sources/', 'sources and intake'],
  ['/infra/endpoints/', 'endpoints'],
  ['/infra/ring/', 'ring'],
  ['/infra/disk/', 'ring'],
  ['/infra/ledger/', 'ledger and journal'],
  ['/infra/journal/', 'ledger and journal'],
  ['/schemas/', 'schemas'],
  ['/actors/', 'actors'],
  ['/pipeline/', 'stage, mailboxes and ports'],
  ['node:_http', 'Node: HTTP'],
  ['node:net', 'Node: sockets'],
  ['node:internal/stream_base', 'Node: sockets'],
  ['node:internal/streams', 'Node: streams'],
  ['node:internal/fs', 'Node: files'],
  ['node:fs', 'Node: files'],
  ['node:events', 'Node: events'],
  ['node:internal/event_target', 'Node: events'],
  ['node:internal/abort_controller', 'Node: events'],
  ['node:internal/timers', 'Node: timers'],
  ['node:internal/modules', 'starting up'],
]
