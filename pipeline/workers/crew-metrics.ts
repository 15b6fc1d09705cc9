import { workerMetrics } from '../../schemas/worker-metrics.ts'
import type { Member } from './member.ts'

/** In the Prometheus text format: what the workers cannot tell of themselves. */
export const workerPage = (
  members: readonly Pick<Member, 'worker' | 'state' | 'restarts'>[],
): string =>
  [
    family('workerUp', members, (member) => (member.state() === 'up' ? 1 : 0)),
    family('workerRestarts', members, (member) => member.restarts()),
  ].join('')

const family = <One extends { readonly worker: number }>(
  id: keyof typeof workerMetrics,
  members: readonly One[],
  valueIn: (member: One) => number,
): string => {
  const { name, description, kind } = workerMetrics[id]
  const lines = members.map((member) => `${name}{worker="${member.worker}"} ${valueIn(member)}\n`)
  return `# HELP ${name} ${description}\n# TYPE ${name} ${kind}\n${lines.join('')}`
}
