/** Lays a machine out, so that the page has only to draw it. */
import type { ELK as Elk, ElkExtendedEdge, ElkNode, LayoutOptions } from 'elkjs'
import type { Chart, Drawing, DrawnArrow, DrawnState } from '../chart.ts'
import type { GraphArrow, GraphState, MachineGraph } from './machine-graph.ts'

type Point = { readonly x: number; readonly y: number }

const stateHeight = 40
const paddingPx = 18
/** Of the font that the page uses, a little more than the widest letters take. */
const charPx = 7.9
const cornerPx = 8

const options = (direction: 'RIGHT' | 'DOWN'): LayoutOptions => ({
  'elk.algorithm': 'layered',
  'elk.direction': direction,
  'elk.edgeRouting': 'ORTHOGONAL',
  'elk.spacing.nodeNode': '28',
  'elk.spacing.edgeEdge': '11',
  'elk.spacing.edgeNode': '16',
  'elk.layered.spacing.nodeNodeBetweenLayers': '44',
  'elk.layered.spacing.edgeEdgeBetweenLayers': '11',
  'elk.layered.spacing.edgeNodeBetweenLayers': '16',
  'elk.layered.nodePlacement.strategy': 'NETWORK_SIMPLEX',
  'elk.layered.cycleBreaking.strategy': 'MODEL_ORDER',
  'elk.padding': '[top=10,left=10,bottom=10,right=10]',
})

export const chartOf = async (elk: Elk, graph: MachineGraph): Promise<Chart> => ({
  id: graph.id,
  wide: await drawn(elk, graph, 'RIGHT'),
  tall: await drawn(elk, graph, 'DOWN'),
})

const drawn = async (
  elk: Elk,
  graph: MachineGraph,
  direction: 'RIGHT' | 'DOWN',
): Promise<Drawing> => {
  const asked: ElkNode = {
    id: graph.id,
    layoutOptions: options(direction),
    children: graph.states.map(({ key }) => ({
      id: key,
      width: Math.ceil(key.length * charPx + 2 * paddingPx),
      height: stateHeight,
    })),
    edges: graph.arrows.map(({ from, to }, index) => ({
      id: String(index),
      sources: [from],
      targets: [to],
    })),
  }
  const placed: ElkNode = await elk.layout(asked)
  return {
    width: Math.ceil(placed.width ?? 0),
    height: Math.ceil(placed.height ?? 0),
    states: graph.states.map((state) => stateAt(graph, state, placed.children ?? [])),
    arrows: graph.arrows.map((arrow, index) => arrowAt(arrow, placed.edges?.[index])),
  }
}

const stateAt = (
  { initial }: MachineGraph,
  { key, isFinal, waitsOn }: GraphState,
  nodes: readonly ElkNode[],
): DrawnState => {
  const { x = 0, y = 0, width = 0, height = 0 } = nodes.find(({ id }) => id === key) ?? {}
  const kind = isFinal ? 'final' : key === initial ? 'initial' : 'between'
  return { key, kind, waitsOn, x, y, width, height }
}

const arrowAt = (
  { from, to, labels }: GraphArrow,
  edge: ElkExtendedEdge | undefined,
): DrawnArrow => {
  const [section] = edge?.sections ?? []
  if (section === undefined) throw new Error(`No way was laid out from ${from} to ${to}.`)
  const points = [section.startPoint, ...(section.bendPoints ?? []), section.endPoint]
  return { from, to, labels, path: rounded(points) }
}

/** Straight lines, with the corners taken off. */
const rounded = (points: readonly Point[]): string =>
  points
    .map((point, index) => {
      const [before, after] = [points[index - 1], points[index + 1]]
      if (before === undefined) return `M${at(point)}`
      if (after === undefined) return `L${at(point)}`
      return `L${at(towards(point, before))}Q${at(point)} ${at(towards(point, after))}`
    })
    .join('')

/** From a corner so far towards a neighbour that two corners never meet. */
const towards = (corner: Point, other: Point): Point => {
  const distance = Math.hypot(other.x - corner.x, other.y - corner.y)
  const share = distance === 0 ? 0 : Math.min(cornerPx, distance / 2) / distance
  return { x: corner.x + (other.x - corner.x) * share, y: corner.y + (other.y - corner.y) * share }
}

const at = ({ x, y }: Point): string => `${Math.round(x * 10) / 10} ${Math.round(y * 10) / 10}`
