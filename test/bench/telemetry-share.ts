/**
 * The share of telemetry in what the main thread does at full load, by V8's sampling profiler: what is spent
 * in the SDK and in Holdfast's own part for it, and in whatever they call.
 *
 *     node test/bench/telemetry-share.ts [--runs N] [--requests N] [--sampler NAME]
 */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startHoldfast, until, workspace } from '../support/holdfast-process.ts'
import { openLoad } from '../support/load.ts'
import { openOtlpReceiver } from '../support/otlp-receiver.ts'
import { openSink } from '../support/sink.ts'
import { type Frame, readProfile } from './profile.ts'

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '3' },
    requests: { type: 'string', default: '3200' },
    sampler: { type: 'string', default: '' },
  },
})
const requests = Number(values.requests)
const [connections, recordsPerRequest, recordBytes] = [8, 500, 512]

const isTelemetry = ({ url }: Frame): boolean => /@opentelemetry|\/telemetry\/otel\//.test(url)
const sum = (frames: readonly Frame[], of: (frame: Frame) => number): number =>
  frames.reduce((total, frame) => total + of(frame), 0)
const inTelemetry = (frame: Frame): number =>
  isTelemetry(frame) ? frame.totalUs : sum(frame.children, inTelemetry)
const idle = (frame: Frame): number =>
  frame.name === '(idle)' ? frame.selfUs : sum(frame.children, idle)

const receiver = await openOtlpReceiver()
const profiled = async (): Promise<Frame> => {
  await using folder = await workspace()
  const profiles = join(folder.path, 'profiles')
  const sink = await openSink()
  await using holdfast = await startHoldfast(
    folder.path,
    { endpoint: { url: sink.url } },
    {
      nodeOptions: ['--cpu-prof', `--cpu-prof-dir=${profiles}`],
      environment: {
        OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
        OTEL_TRACES_SAMPLER: values.sampler,
      },
    },
  )
  const load = openLoad({
    streams: [{ tenant: 'a', service: 's' }],
    recordsPerRequest,
    recordBytes,
  })
  await load.send({ to: () => holdfast.otlp, connections, goOn: (sent) => sent < requests })
  await until(sink.records, (records) => records >= load.promisedRecords())
  await load.close()
  await holdfast.kill('SIGTERM')
  await sink.close()
  return readProfile(profiles)
}

for (let run = 0; run < Number(values.runs); run += 1) {
  const root = await profiled()
  const busyUs = root.totalUs - idle(root)
  const share = ((inTelemetry(root) / busyUs) * 100).toFixed(1)
  process.stdout.write(`${share} % of ${(busyUs / 1_000_000).toFixed(1)} s\n`)
}
await receiver.close()
