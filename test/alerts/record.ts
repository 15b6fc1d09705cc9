/**
 * Records the scenes: runs them all at once, eleven minutes, and writes what /metrics said every 15
 * seconds into test/alerts/runs/.
 *
 *     node test/alerts/record.ts [name of a scene …]
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startHoldfast, workspace } from '../support/holdfast-process.ts'
import { openLoad } from '../support/load.ts'
import { openSink } from '../support/sink.ts'
import { fileOf, recordedScenes, type Scene } from './scenes.ts'

const scrapeSeconds = 15
const scrapes = 44
const faultAt = 8
const laterAt = 24
const bytesPerSecond = 60_000
const recordBytes = 500
const recordsPerRequest = 40

const pauseMs = (1_000 * recordBytes * recordsPerRequest) / bytesPerSecond
const folder = join(import.meta.dirname, 'runs')

/** Histograms are no part of any rule. */
const sampleLine = /^(holdfast_[a-z_]+)(\{[^}]*\})? ([\d.e+-]+)$/
const isKept = (name: string): boolean => !/_(bucket|sum|count)$|build_info/.test(name)

const record = async ([name, scene]: readonly [string, Scene]): Promise<void> => {
  await using home = await workspace()
  const [sink, other] = [await openSink(), await openSink()]
  await using holdfast = await startHoldfast(
    home.path,
    {
      endpoint: { url: sink.url },
      dispatch: { backoff: { initial: '200ms', max: '10s' } },
      ...scene.config,
    },
    scene.flaw,
  )
  const load = openLoad({
    streams: [
      { tenant: 'acme', service: 'shop' },
      { tenant: 'acme', service: 'till' },
    ],
    recordsPerRequest,
    recordBytes,
  })
  let isOver = false
  const sending = load.send({
    to: () => holdfast.otlp,
    connections: 1,
    goOn: () => !isOver,
    pauseMs,
  })
  const series = new Map<string, (number | null)[]>()
  const beginMs = Date.now()
  for (let scrape = 0; scrape < scrapes; scrape += 1) {
    if (scrape === faultAt) started(name, scene.fault?.({ holdfast, sink, other }))
    if (scrape === laterAt) started(name, scene.later?.({ holdfast, sink, other }))
    const samples = await scraped(holdfast.admin)
    for (const [key, value] of samples) {
      const values = series.get(key) ?? []
      while (values.length < scrape) values.push(null)
      values.push(value)
      series.set(key, values)
    }
    await sleep(Math.max(0, beginMs + (scrape + 1) * scrapeSeconds * 1_000 - Date.now()))
  }
  isOver = true
  await holdfast.kill('SIGKILL')
  await sending
  await load.close()
  await Promise.all([sink.close(), other.close()])
  const run = { scene: name, scrapeSeconds, scrapes, series: Object.fromEntries(series) }
  await writeFile(join(folder, fileOf(name)), textOf(run))
  process.stdout.write(`${name}: ${series.size} series\n`)
}

const started = (name: string, fault: void | Promise<void> | undefined): void => {
  Promise.resolve(fault).catch((cause: unknown) => {
    process.stderr.write(`${name}: ${cause}\n`)
    process.exitCode = 1
  })
}

const scraped = async (admin: string): Promise<ReadonlyMap<string, number>> => {
  const text = await fetch(`${admin}/metrics`, { signal: AbortSignal.timeout(10_000) }).then(
    (answer) => answer.text(),
    () => undefined,
  )
  const lines = (text ?? '').split('\n').flatMap((line) => {
    const [, name = '', labels = '', value] = sampleLine.exec(line) ?? []
    return value !== undefined && isKept(name) ? [[`${name}${labels}`, Number(value)] as const] : []
  })
  return new Map([...lines, ['up', text === undefined ? 0 : 1]])
}

/** One series a line. */
const textOf = ({
  series,
  ...head
}: { readonly series: object } & Record<string, unknown>): string => {
  const lines = Object.entries(series).map(
    ([key, values]) => `    ${JSON.stringify(key)}: ${JSON.stringify(values)}`,
  )
  return `${JSON.stringify(head).slice(0, -1)},\n  "series": {\n${lines.join(',\n')}\n  }\n}\n`
}

const wanted = process.argv.slice(2)
const chosen = recordedScenes.filter(([name]) => wanted.length === 0 || wanted.includes(name))
await mkdir(folder, { recursive: true })
await Promise.all(chosen.map(record))
