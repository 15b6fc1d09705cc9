import type { Path } from './config-file.ts'
import type { Fault } from './fault.ts'
import type { FileContent } from './schema.ts'
import { byteText } from './units.ts'

type Finding = Omit<Fault, 'line'>

const kibibyte = 2 ** 10
/** As for one pipeline: a batch may be appended while one is sent, one evicted and one retired. */
const batchesInCacheMin = 4
const noticeBytesMin = 64 * kibibyte

/** What does not go with several workers, and what each of them must get a share of. */
export const workerFindings = (content: FileContent): readonly Finding[] => {
  const { workers } = content
  return workers === 1 ? [] : [...alone(content), ...shares(content)]
}

const alone = ({ workers, transport, admin }: FileContent): readonly Finding[] => [
  ...(transport === 'memory'
    ? []
    : [
        found(
          ['workers'],
          `there are no ${workers} workers with transport: kafka, where every service may have any number of processes`,
          'allowed: 1, and more processes with the same configuration',
        ),
      ]),
  ...(admin.inspect === 'off'
    ? []
    : [
        found(
          ['admin', 'inspect'],
          `the actors of ${workers} workers cannot be shown in one place`,
          'allowed: off, or workers: 1',
        ),
      ]),
]

const shares = ({
  workers,
  cache,
  batch,
  dispatch,
  limits,
  notices,
}: FileContent): readonly Finding[] => {
  const cacheLeast = workers * batchesInCacheMin * batch.max_bytes
  const noticesLeast = workers * noticeBytesMin
  return [
    ...(cache.capacity < cacheLeast
      ? [
          found(
            ['cache', 'capacity'],
            `${byteText(cache.capacity)} is too little for ${workers} workers with batches of ${byteText(batch.max_bytes)}`,
            `allowed: at least workers × ${batchesInCacheMin} × batch.max_bytes, ${byteText(cacheLeast)}`,
          ),
        ]
      : []),
    ...(dispatch.concurrency < workers
      ? [
          found(
            ['dispatch', 'concurrency'],
            `${dispatch.concurrency} requests in flight cannot be shared by ${workers} workers`,
            `allowed: at least workers, ${workers}`,
          ),
        ]
      : []),
    ...(limits.max_connections < workers
      ? [
          found(
            ['limits', 'max_connections'],
            `${limits.max_connections} connections cannot be shared by ${workers} workers`,
            `allowed: at least workers, ${workers}`,
          ),
        ]
      : []),
    ...(notices.webhooks.length > 0 && notices.budget < noticesLeast
      ? [
          found(
            ['notices', 'budget'],
            `${byteText(notices.budget)} is too little for ${workers} workers`,
            `allowed: at least workers × ${byteText(noticeBytesMin)}, ${byteText(noticesLeast)}`,
          ),
        ]
      : []),
  ]
}

const found = (path: Path, problem: string, allowed: string): Finding => ({
  path,
  problem,
  allowed,
})
