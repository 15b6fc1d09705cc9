/** The shortest way to what is wrong, for people: a table of steps, and a sequence diagram. */
import type { Step } from './exploration.ts'
import type { Finding } from './proof.ts'
import { singles, type Theatre } from './world.ts'

export const counterexample = (finding: Finding): string =>
  [
    `${finding.what}, in "${finding.scene}":`,
    '',
    ...table(finding),
    '',
    ...diagram(finding),
    '',
  ].join('\n')

const table = ({ theatre, path }: Finding): readonly string[] => {
  const rows = path.map((step, index) => [
    `${index + 1}`,
    `${step.from} → ${step.to}`,
    step.what,
    statesAfter(theatre, step, index === 0 ? undefined : path[index - 1]),
  ])
  const header = ['', 'from → to', 'what', 'what is another state now']
  const widths = header.map((_, column) =>
    Math.max(...[header, ...rows].map((row) => row[column]?.length ?? 0)),
  )
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd()
  return [header, ...rows].map(line)
}

/** The actors that are in another state than before the step. */
const statesAfter = (theatre: Theatre, { after }: Step, before: Step | undefined): string => {
  if (after === null) return 'it cannot be'
  const changed = singles
    .map((who) => [who, stateOf(theatre, { after }, who), before && stateOf(theatre, before, who)])
    .filter(([, now, then]) => now !== then)
    .map(([who, now]) => `${who}: ${now}`)
  const sends = [...Object.keys(after.sends), ...Object.keys(before?.after?.sends ?? {})]
  const moved = [...new Set(sends)].flatMap((sendId) => {
    const [now, then] = [{ after }, before].map((it) => stateOf(theatre, it, sendId))
    return now === then ? [] : [`${sendId}: ${now}`]
  })
  return [...changed, ...moved].join(', ')
}

const stateOf = (theatre: Theatre, step: Pick<Step, 'after'> | undefined, who: string): string => {
  const world = step?.after
  if (world === null || world === undefined) return ''
  const single = singles.find((it) => it === who)
  if (single !== undefined) return theatre.playerOf(world, single)?.value ?? 'stopped'
  const id = world.sends[who]
  return id === undefined ? 'ended' : theatre.players.delivery.at(id).value
}

const diagram = ({ path, what }: Finding): readonly string[] => {
  const named = (who: string): string => who.replaceAll(/[^a-z0-9]/gi, '_')
  const actors = [...new Set(path.flatMap(({ from, to }) => [from, to]))]
  const last = path.at(-1)
  return [
    '```mermaid',
    'sequenceDiagram',
    ...actors.map((who) => `  participant ${named(who)} as ${who}`),
    ...path.map(
      (step) => `  ${named(step.from)}->>${named(step.to)}: ${step.what.replaceAll(/[;#:]/g, ' ')}`,
    ),
    ...(last === undefined
      ? []
      : [`  Note over ${named(last.to)}: ${what.replaceAll(/[;#:]/g, ' ')}`]),
    '```',
  ]
}
