/** The account of all services: read from the topics, and kept by no other. */
import { instant } from '../../schemas/brand.ts'
import type { Message } from '../../schemas/messages.ts'
import type { Audit } from './audit.ts'
import type { Service, ServiceNeeds } from './service.ts'

const topics = ['appended', 'settlements'] as const

/**
 * Reads both topics from their beginnings, and says that it is not ready until it has read what there was
 * when it came.
 */
export const startAuditor = async (
  needs: ServiceNeeds,
  { account, caughtUp }: Pick<Audit, 'account' | 'caughtUp'>,
): Promise<Service> => {
  const { kafka, service, world, log, failed } = needs
  const marker = `${service}/auditor/${world.clock.now()}`
  const partitions = Array.from({ length: kafka.shards }, (_, partition) => partition)
  const missing = new Set(
    topics.flatMap((topic) => partitions.map((partition) => `${topic}/${partition}`)),
  )
  const message: Message = { type: 'marker.placed', by: marker }
  await kafka.publish(
    topics.flatMap((topic) => partitions.map((partition) => ({ topic, partition, message }))),
  )
  const following = await kafka.follow({
    topics,
    from: 'earliest',
    received: async (arrived) => {
      for (const it of arrived) {
        if (it.topic === 'records') continue
        if (it.message.type === 'records.appended') account.announced(it.message.held)
        if (it.message.type === 'marks.recorded') account.ended(it.message, instant(it.atMs))
        if (it.message.type !== 'marker.placed' || it.message.by !== marker) continue
        missing.delete(`${it.topic}/${it.partition}`)
        if (missing.size > 0) continue
        caughtUp()
        log.info('auditor.caughtUp', 'The account is that of the topics.')
      }
    },
    failed,
  })
  return {
    role: 'auditor',
    sources: {},
    unready: () =>
      missing.size === 0
        ? []
        : [{ actor: 'auditor', reason: `${missing.size} partitions are still being read` }],
    tidy: async () => undefined,
    stop: following.close,
  }
}
