/**
 * An alert rule that does not mistake missing logs for quiet:
 *
 *     node test/examples/alert-rule.ts ADMIN_URL RECEIVED_DIR TENANT SERVICE FROM TO
 *
 * Prints `firing`, `quiet` or `cannot tell`, and why.
 */
import { completenessOf } from '../../pipeline/index.ts'
import { receivedRecords } from './received-records.ts'

const errorsMax = 10

const [adminUrl = '', directory = '', tenant = '', service = '', from = '', to = ''] =
  process.argv.slice(2)
const window = { from: new Date(from), to: new Date(to) }

const state = async (): Promise<string> => {
  // Before the store is asked: what arrives in between is then in the count, and not the other way round.
  const { verdict, accepted, pending, lost, doubts } = await completenessOf(adminUrl, {
    ...{ tenant, service },
    ...window,
  })
  const records = await receivedRecords({ directory, tenant, service, ...window })
  const errors = records.filter(({ severity }) => severity === 'ERROR').length
  // More than enough is enough, however much is missing.
  if (errors > errorsMax) return `firing: ${errors} errors`
  if (accepted === 0) return 'cannot tell: no record of this service ever came'
  if (verdict === 'pending') return `cannot tell yet: ${pending.records} records are on their way`
  if (verdict === 'incomplete')
    return `cannot tell: ${[`${lost.records} records are lost`, ...doubts].join(' ')}`
  return `quiet: ${errors} errors in ${records.length} records, and none is missing`
}

try {
  process.stdout.write(`${await state()}\n`)
} catch (error) {
  process.stdout.write(`cannot tell: ${error instanceof Error ? error.message : error}\n`)
}
