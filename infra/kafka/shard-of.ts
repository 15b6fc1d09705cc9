import { crc32 } from 'node:zlib'

/**
 * Which shard a stream belongs to. All services have to agree, in all releases: another answer would
 * spread one stream over two shards, and its order with it.
 */
export const shardOf = (
  { tenant, service }: { readonly tenant: string; readonly service: string },
  shards: number,
): number => crc32(`${tenant.length}:${tenant}${service}`) % shards
