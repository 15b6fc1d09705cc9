/**
 * Builds the console: `node pipeline/console/build/build.ts [DIRECTORY]` writes its files to a
 * directory, `dist/console` unless told.
 */
import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import Elk from 'elkjs'
import { build } from 'esbuild'
import type { Charts } from '../chart.ts'
import { chartOf } from './layout.ts'
import { machineGraphs } from './machine-graph.ts'

const root = join(import.meta.dirname, '../../..')
const page = join(import.meta.dirname, '../page')

export const buildConsole = async (directory = join(root, 'dist/console')): Promise<void> => {
  await mkdir(directory, { recursive: true })
  const elk = new Elk.default()
  const charts: Charts = {
    machines: await Promise.all(machineGraphs().map((graph) => chartOf(elk, graph))),
  }
  await writeFile(join(directory, 'charts.json'), JSON.stringify(charts))
  for (const name of ['index.html', 'icon.svg'])
    await copyFile(join(page, name), join(directory, name))
  await build({
    entryPoints: [
      { in: join(page, 'main.tsx'), out: 'console' },
      { in: join(page, 'style/console.css'), out: 'console' },
    ],
    outdir: directory,
    bundle: true,
    minify: true,
    format: 'esm',
    target: ['es2022', 'chrome109', 'firefox115', 'safari16.4'],
    tsconfig: join(page, 'tsconfig.json'),
    legalComments: 'eof',
    logLevel: 'warning',
  })
}

if (process.argv[1] === import.meta.filename) await buildConsole(process.argv[2])
