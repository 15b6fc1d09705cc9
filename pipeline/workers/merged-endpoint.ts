import type { ShownEndpoint } from '../admin/endpoint-routes.ts'

type Epoch = number | null

/** Each worker follows redirects by itself, and counts its own epochs. */
export type WorkersEndpoint = ShownEndpoint & {
  readonly workers: readonly (Omit<ShownEndpoint, 'history'> & { readonly worker: number })[]
}

/** null, or `differing`, where the workers are not of one mind; `workers` has each of them. */
export const mergedEndpoint = (
  all: readonly { readonly worker: number; readonly endpoint: ShownEndpoint }[],
): WorkersEndpoint => {
  const endpoints = all.map(({ endpoint }) => endpoint)
  return {
    url: agreed(endpoints.map(({ url }) => url)) ?? null,
    epoch: highest(endpoints.map(({ epoch }) => epoch)),
    state: agreed(endpoints.map(({ state }) => state)) ?? 'differing',
    pinned: endpoints.every(({ pinned }) => pinned),
    pending: endpoints.reduce((sum, { pending }) => sum + pending, 0),
    history: all
      .flatMap(({ worker, endpoint }) => endpoint.history.map((entry) => ({ ...entry, worker })))
      .sort((a, b) => Date.parse(a.at) - Date.parse(b.at)),
    workers: all.map(({ worker, endpoint: { history: _, ...shown } }) => ({ worker, ...shown })),
  }
}

/** What an endpoint is told of a command that all workers have adopted. */
export const mergedAssignment = <Assigned extends { readonly epoch: Epoch }>(
  all: readonly { readonly worker: number; readonly assigned: Assigned }[],
) => ({
  ...all[0]?.assigned,
  epoch: highest(all.map(({ assigned }) => assigned.epoch)),
  workers: all.map(({ worker, assigned: { epoch } }) => ({ worker, epoch })),
})

const agreed = <Value>(values: readonly Value[]): Value | undefined =>
  values.every((value) => value === values[0]) ? values[0] : undefined

const highest = (epochs: readonly Epoch[]): Epoch =>
  epochs.reduce((most, epoch) => (most === null || (epoch ?? 0) > most ? epoch : most), null)
