/**
 * The messages of one process or of several as one sequence. A process names in a message that it has from
 * another one the id that it has there, and of which message it is a consequence: that joins them, whatever
 * their clocks say.
 */
export type Step = {
  /** Grows from step to step within a process. */
  readonly number: number
  readonly atMs: number
  /** The actor that told it; null: somebody outside of the process. */
  readonly from: string | null
  /** The actor that took it, and its machine. */
  readonly to: string
  readonly machine: string
  /** The type of the message. */
  readonly message: string
  readonly messageId: string
  readonly causationId: string | null
  /** What it made of it; null: it stayed in its state. */
  readonly change: { readonly from: string; readonly to: string } | null
}
export type Stream = {
  readonly producer: string
  /** In the order in which they happened. */
  readonly steps: readonly Step[]
}
export type Arrow = Omit<Step, 'from' | 'to'> & {
  readonly producer: string
  /** Lanes; null: from somewhere that is not shown. */
  readonly from: Lane | null
  readonly to: Lane
  /** `crossing`: from one process to another. */
  readonly kind: 'inside' | 'crossing'
}
export type Lane = { readonly producer: string; readonly name: string }

/** One lane for all deliveries: there may be a thousand, each for the time of a request. */
const deliveries = 'deliveries'
const lane = (producer: string, actor: string, machine: string | undefined): Lane => ({
  producer,
  name: machine === 'delivery' ? deliveries : actor,
})
export const laneKey = ({ producer, name }: Lane): string => `${producer}/${name}`

/** By time, and no consequence before what it is a consequence of. */
export const joined = (streams: readonly Stream[]): readonly Arrow[] => {
  const machines = new Map(
    streams.flatMap(({ producer, steps }) =>
      steps.map(({ to, machine }) => [`${producer}/${to}`, machine] as const),
    ),
  )
  const takers = new Map<string, Lane>()
  return inOrder(streams).map(({ producer, step }): Arrow => {
    const to = lane(producer, step.to, step.machine)
    const cause = step.causationId === null ? undefined : takers.get(step.causationId)
    const source = step.from
    // What came from elsewhere was told by nobody here; who took what led to it has told it.
    const from =
      source === null
        ? (cause ?? null)
        : lane(producer, source, machines.get(`${producer}/${source}`) ?? machineOf(source))
    if (!takers.has(step.messageId)) takers.set(step.messageId, to)
    const isCrossing = from !== null && from.producer !== producer
    return { ...step, producer, from, to, kind: isCrossing ? 'crossing' : 'inside' }
  })
}

/** Of a delivery that told something before it was told anything. */
const machineOf = (actor: string): string | undefined =>
  actor.startsWith('delivery') ? 'delivery' : undefined

type Placed = { readonly producer: string; readonly step: Step }

/** The order within a process stays as it was. */
const inOrder = (streams: readonly Stream[]): readonly Placed[] => {
  const awaited = new Set(streams.flatMap(({ steps }) => steps.map(({ messageId }) => messageId)))
  const rests = streams.map(({ producer, steps }) => ({ producer, steps, next: 0 }))
  const ordered: Placed[] = []
  for (;;) {
    const heads = rests.flatMap((rest) => {
      const step = rest.steps[rest.next]
      return step === undefined ? [] : [{ rest, step }]
    })
    const free = heads.filter(
      ({ step: { causationId } }) => causationId === null || !awaited.has(causationId),
    )
    // Ids that make a circle are nobody's: time alone decides then.
    const [first] = (free.length > 0 ? free : heads).toSorted((a, b) => a.step.atMs - b.step.atMs)
    if (first === undefined) return ordered
    const { rest, step } = first
    rest.next += 1
    awaited.delete(step.messageId)
    ordered.push({ producer: rest.producer, step })
  }
}

/** What led to a message and all that came of it; all of it where nobody knows the message. */
export const chainOf = (arrows: readonly Arrow[], messageId: string): readonly Arrow[] => {
  const causes = new Map(arrows.map((it) => [it.messageId, it.causationId]))
  if (!causes.has(messageId)) return arrows
  const members = new Set([messageId])
  for (let id = causes.get(messageId); id; id = causes.get(id)) {
    if (members.has(id)) break
    members.add(id)
  }
  // What led to it is not asked for its other consequences: that would be everything since the start.
  const consequences = new Set([messageId])
  for (const { messageId: id, causationId } of arrows)
    if (causationId !== null && consequences.has(causationId)) consequences.add(id)
  return arrows.filter(({ messageId: id }) => members.has(id) || consequences.has(id))
}

const order = ['collector', 'cache', 'dispatcher', deliveries, 'endpoint-manager', 'sentinel']
const rankOf = ({ name }: Lane): number => {
  const rank = order.findIndex((known) => name.startsWith(known))
  return rank === -1 ? order.length : rank
}

/** Who takes part: process by process as they appear, and in each the way that a record goes. */
export const lanesOf = (arrows: readonly Arrow[]): readonly Lane[] => {
  const lanes = new Map<string, Lane>()
  const producers: string[] = []
  for (const it of arrows.flatMap(({ from, to }) => (from === null ? [to] : [from, to]))) {
    if (!producers.includes(it.producer)) producers.push(it.producer)
    lanes.set(laneKey(it), it)
  }
  return [...lanes.values()].sort(
    (a, b) =>
      producers.indexOf(a.producer) - producers.indexOf(b.producer) ||
      rankOf(a) - rankOf(b) ||
      a.name.localeCompare(b.name),
  )
}
