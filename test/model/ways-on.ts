/**
 * Whether everything goes on to its end. From each state on, things may turn out well: what is asked
 * is done, endpoints answer 200, nobody interferes, and a deadline passes only when nothing else can
 * happen any more. Three things are checked of these benign steps.
 *
 * No dead end: from every state a goal can be reached by them.
 * No chatter: messages and answers alone never go round in a circle, so that only so much happens
 * between two deadlines.
 * No circle: there is no way to go on by them for ever without reaching a goal, as long as a timer that
 * stays armed fires in the end.
 */
import { type Explored, type Graph, kinds } from './exploration.ts'
import { singles, type Theatre, type World } from './world.ts'

const [message, answer, timer] = ['message', 'answer', 'timer'].map((it) =>
  kinds.indexOf(it as never),
)
const isBenign = (label: number): boolean => {
  const kind = label & 3
  return kind === message || kind === answer || kind === timer
}
const isTimer = (label: number): boolean => (label & 3) === timer
const actorOf = (label: number): number => label >> 2

/** A state from which no goal can be reached; `null` when there is none. */
export const deadEnd = ({ graph }: Explored): number | null => {
  const { sources, offsets } = reversed(graph)
  const reaches = new Uint8Array(graph.size)
  const queue: number[] = []
  const reach = (state: number): void => {
    if (reaches[state] === 1) return
    reaches[state] = 1
    queue.push(state)
  }
  for (let i = 0; i < graph.goals.size(); i++) reach(graph.goals.at(i))
  // What was not looked at may lead anywhere: nothing is claimed of it.
  for (let state = graph.expanded; state < graph.size; state++) reach(state)
  for (let state = queue.pop(); state !== undefined; state = queue.pop()) {
    const end = offsets[state + 1] ?? 0
    for (let i = offsets[state] ?? 0; i < end; i++) reach(sources[i] ?? 0)
  }
  const stuck = reaches.indexOf(0)
  return stuck < 0 ? null : stuck
}

/** The benign edges, by where they lead. */
const reversed = ({ expanded, size, first, targets, labels }: Graph) => {
  const offsets = new Uint32Array(size + 2)
  const eachEdge = (visit: (from: number, to: number) => void): void => {
    for (let from = 0; from < expanded; from++) {
      for (let i = first.at(from); i < first.at(from + 1); i++)
        if (isBenign(labels.at(i))) visit(from, targets.at(i))
    }
  }
  eachEdge((_, to) => {
    offsets[to + 2] = (offsets[to + 2] ?? 0) + 1
  })
  for (let i = 2; i < offsets.length; i++) offsets[i] = (offsets[i] ?? 0) + (offsets[i - 1] ?? 0)
  const sources = new Uint32Array(offsets[size + 1] ?? 0)
  eachEdge((from, to) => {
    const place = offsets[to + 1] ?? 0
    sources[place] = from
    offsets[to + 1] = place + 1
  })
  return { sources, offsets }
}

/** The first state of a circle of messages and answers only; `null` when there is none. */
export const chatter = ({ graph }: Explored): number | null => {
  const { first, targets, labels } = graph
  const isPrompt = (label: number): boolean => isBenign(label) && !isTimer(label)
  let found: number | null = null
  eachComponent(graph, { isEdge: isPrompt, isEnd: new Uint8Array(graph.size) }, (component) => {
    const [only = 0] = component
    let isLoop = component.length > 1
    for (let edge = first.at(only); edge < first.at(only + 1); edge++)
      isLoop ||= targets.at(edge) === only && isPrompt(labels.at(edge))
    if (isLoop) found = component.reduce((least, it) => Math.min(least, it), found ?? only)
  })
  return found
}

/** The first state of a circle of benign steps that no timer leads out of; `null` when there is none. */
export const circle = (theatre: Theatre, explored: Explored): number | null => {
  const { graph } = explored
  const isGoal = new Uint8Array(graph.size)
  for (let i = 0; i < graph.goals.size(); i++) isGoal[graph.goals.at(i)] = 1
  let found: number | null = null
  eachComponent(graph, { isEdge: isBenign, isEnd: isGoal }, (component) => {
    const first = component.reduce((least, it) => Math.min(least, it))
    if (found !== null && first > found) return
    if (mayLast(theatre, explored, component, isGoal)) found = first
  })
  return found
}

/**
 * Whether a run may stay in a component for ever although a timer that stays armed fires in the end.
 * It may not when there is an actor that is the same, with its timer armed, in each of its states, and
 * whose timer leads out of it.
 */
const mayLast = (
  theatre: Theatre,
  { graph, actors, worldOf }: Explored,
  component: readonly number[],
  isGoal: Uint8Array,
): boolean => {
  const inside = new Set(component)
  const firing = new Set<string>()
  let innerCount = 0
  for (const state of component) {
    for (let edge = graph.first.at(state); edge < graph.first.at(state + 1); edge++) {
      const [to, label] = [graph.targets.at(edge), graph.labels.at(edge)]
      if (!isBenign(label) || !inside.has(to) || isGoal[to] === 1) continue
      innerCount += 1
      if (isTimer(label)) firing.add(actors[actorOf(label)] ?? '')
    }
  }
  if (innerCount === 0) return false
  let patient: readonly string[] | null = null
  for (const state of component) {
    const armed = armedIn(theatre, worldOf(state))
    patient = patient === null ? armed : patient.filter((it) => armed.includes(it))
  }
  return (patient ?? []).every((it) => firing.has(it.slice(0, it.indexOf(' '))))
}

/** Actors with an armed timer, each with the number of its state. */
const armedIn = (theatre: Theatre, world: World): readonly string[] => [
  ...singles.flatMap((who) =>
    (theatre.playerOf(world, who)?.armedMs ?? null) === null ? [] : [`${who} ${world.actors[who]}`],
  ),
  ...Object.entries(world.sends).map(([sendId, id]) => `${sendId} ${id}`),
]

/** Tarjan's strongly connected components of some of the edges, between states that are no end. */
const eachComponent = (
  graph: Graph,
  { isEdge, isEnd }: { readonly isEdge: (label: number) => boolean; readonly isEnd: Uint8Array },
  visit: (component: readonly number[]) => void,
): void => {
  const { expanded, first, targets, labels } = graph
  const order = new Uint32Array(graph.size)
  const low = new Uint32Array(graph.size)
  const isOpen = new Uint8Array(graph.size)
  const stack: number[] = []
  const path: number[] = []
  const edges: number[] = []
  let count = 0
  const enter = (state: number): void => {
    count += 1
    order[state] = count
    low[state] = count
    isOpen[state] = 1
    stack.push(state)
    path.push(state)
    edges.push(first.at(state))
  }
  const leave = (state: number): void => {
    path.pop()
    edges.pop()
    const parent = path.at(-1)
    if (parent !== undefined) low[parent] = Math.min(low[parent] ?? 0, low[state] ?? 0)
    if (low[state] !== order[state]) return
    const component: number[] = []
    for (let it = stack.pop(); it !== undefined; it = it === state ? undefined : stack.pop()) {
      isOpen[it] = 0
      component.push(it)
    }
    visit(component)
  }
  for (let root = 0; root < expanded; root++) {
    if (order[root] !== 0 || isEnd[root] === 1) continue
    enter(root)
    for (let state = path.at(-1); state !== undefined; state = path.at(-1)) {
      const edge = edges.at(-1) ?? 0
      if (edge >= first.at(state + 1)) {
        leave(state)
        continue
      }
      edges[edges.length - 1] = edge + 1
      const to = targets.at(edge)
      if (!isEdge(labels.at(edge)) || to >= expanded || isEnd[to] === 1) continue
      if (order[to] === 0) enter(to)
      else if (isOpen[to] === 1) low[state] = Math.min(low[state] ?? 0, order[to] ?? 0)
    }
  }
}
