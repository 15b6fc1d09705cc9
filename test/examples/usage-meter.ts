/**
 * A usage meter that says what its number is worth:
 *
 *     node test/examples/usage-meter.ts ADMIN_URL RECEIVED_DIR TENANT SERVICE FROM TO
 *
 * Prints one line of JSON: `final`, `not yet` (ask again), or `in part` with the gaps.
 */
import { completenessOf } from '../../pipeline/index.ts'
import { receivedRecords } from './received-records.ts'

const [adminUrl = '', directory = '', tenant = '', service = '', from = '', to = ''] =
  process.argv.slice(2)
const window = { from: new Date(from), to: new Date(to) }

const answer = await completenessOf(adminUrl, { tenant, service, ...window })
const records = (await receivedRecords({ directory, tenant, service, ...window })).length
const usage = { tenant, service, from, to, records, asOf: answer.asOf }

const line = () => {
  switch (answer.verdict) {
    case 'complete':
      return { state: 'final', ...usage }
    case 'pending':
      return { state: 'not yet', ...usage, onTheirWay: answer.pending.records }
    case 'incomplete':
      // What was lost is not billed; that it was lost belongs on the invoice.
      return {
        state: 'in part',
        ...usage,
        lost: answer.lost.records,
        drops: answer.gaps.map(({ id }) => id),
        doubts: answer.doubts,
      }
  }
}
process.stdout.write(`${JSON.stringify(line())}\n`)
