/**
 * Where the time of the main thread goes, under load: the budget of a request, and a flame graph.
 *
 *     npm run flame -- [--records N] [--per-request N] [--connections N] [--cli FILE] [-o FILE.svg]
 *
 * By V8's sampling profiler, from the first request on. Waits for a core count as well: on a busy machine only
 * the shares say something.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { flamePicture } from './flame-picture.ts'
import { budgetOf, readProfile } from './profile.ts'
import { holdfast } from './subject.ts'
import { measure, warmUpShare } from './trial.ts'

const { values } = parseArgs({
  options: {
    records: { type: 'string', default: '1000000' },
    'per-request': { type: 'string', default: '500' },
    connections: { type: 'string', default: '8' },
    cli: { type: 'string', default: join(import.meta.dirname, '../../dist/pipeline/cli.js') },
    output: { type: 'string', short: 'o' },
  },
})
const [records, recordsPerRequest, connections] = [
  values.records,
  values['per-request'],
  values.connections,
].map(Number)
if (!(Number(records) > 0 && Number(recordsPerRequest) > 0 && Number(connections) > 0)) {
  process.stderr.write('flame: --records, --per-request and --connections are numbers above 0\n')
  process.exit(2)
}

const load = {
  records: Number(records),
  recordBytes: 512,
  recordsPerRequest: Number(recordsPerRequest),
  connections: Number(connections),
  backlogRecords: Number(recordsPerRequest),
}
const folder = await mkdtemp(join(tmpdir(), 'holdfast-flame-'))
try {
  const flags = ['--cpu-prof', `--cpu-prof-dir=${folder}`]
  await measure(holdfast(values.cli, { flags }), load)
  const root = await readProfile(folder)
  const requests = (load.records * (1 + warmUpShare)) / load.recordsPerRequest
  const budget = budgetOf(root)
  const sumUs = budget.reduce((sum, { us }) => sum + us, 0)
  for (const { what, us } of budget)
    process.stdout.write(
      `| ${(us / requests).toFixed(1)} | ${((us / sumUs) * 100).toFixed(0)} % | ${what} |\n`,
    )
  if (values.output !== undefined) await writeFile(values.output, flamePicture(root))
} finally {
  await rm(folder, { recursive: true, force: true })
}
