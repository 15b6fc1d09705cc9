/** What passes through the record log, as a reader of the topics sees it. */
import { openTransport } from './transport.ts'

export type Passage = AsyncDisposable & {
  /** Ids of batches in `records`, whether anybody was told of them or not. */
  readonly written: ReadonlySet<string>
  /** Records of each batch in `appended`: from there on it is accepted. */
  readonly announced: ReadonlyMap<string, number>
}

/** From the beginning of the topics, which must not have been cut off yet. */
export const watchPassage = async (
  brokers: readonly string[],
  namespace: string,
): Promise<Passage> => {
  const transport = await openTransport(brokers, namespace)
  const written = new Set<string>()
  const announced = new Map<string, number>()
  await transport.follow({
    topics: ['records', 'appended'],
    from: 'earliest',
    received: async (arrived) => {
      for (const it of arrived)
        if (it.topic === 'records') written.add(it.batch.id)
        else if (it.message.type === 'records.appended')
          for (const { batch } of it.message.held)
            announced.set(batch.id, batch.lastSeq - batch.firstSeq + 1)
    },
    failed: (cause) => {
      throw cause
    },
  })
  return { written, announced, [Symbol.asyncDispose]: transport[Symbol.asyncDispose] }
}
