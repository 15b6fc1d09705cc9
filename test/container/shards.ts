/** Who has which shards, as the services themselves say. */
import type { Role } from '../../pipeline/services/role.ts'
import { until } from '../support/holdfast-process.ts'
import { waitMsMax } from './plant.ts'
import type { Service } from './service.ts'

/** Roles of which one service at a time has a shard, or the one manager's place. */
export type SharingRole = Extract<Role, 'cache' | 'dispatcher' | 'endpoint-manager'>

type Actors = { readonly actors: readonly { readonly id: string; readonly machine: string }[] }

/** Actors of this role in this process: one for each shard that it has; of managers one or none. */
export const shardsOf = async (service: Service, role: SharingRole): Promise<number> => {
  const { actors } = await service.get<Actors>('/api/v1/actors')
  return actors.filter(({ machine }) => machine === role).length
}

/** Resolves when it has so many; what it took. */
export const haveShards = async (
  service: Service,
  role: SharingRole,
  holds: (shards: number) => boolean,
): Promise<{ readonly tookMs: number }> => {
  const startedAtMs = Date.now()
  await until(() => shardsOf(service, role), holds, waitMsMax)
  return { tookMs: Date.now() - startedAtMs }
}
