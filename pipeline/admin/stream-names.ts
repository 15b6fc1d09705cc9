/**
 * Which streams have series of their own on the metrics page. Services and tenants are named by
 * clients, so their number has no bound; that of the series has one. Who comes first keeps its name,
 * since a counter that moved into another series would seem to fall.
 */
export type StreamNames = (stream: StreamName) => StreamName
export type StreamName = { readonly tenant: string; readonly service: string }

export const otherStreams = '_other'

export const openStreamNames = (max: {
  readonly tenantsMax: number
  readonly streamsMax: number
}): StreamNames => {
  const tenants = new Set<string>()
  const streams = new Set<string>()
  return ({ tenant, service }) => {
    if (!tenants.has(tenant)) {
      if (tenants.size >= max.tenantsMax) return { tenant: otherStreams, service: otherStreams }
      tenants.add(tenant)
    }
    const key = JSON.stringify([tenant, service])
    if (!streams.has(key)) {
      if (streams.size >= max.streamsMax) return { tenant, service: otherStreams }
      streams.add(key)
    }
    return { tenant, service }
  }
}
