/**
 * `npm test`: all tests but the long ones; those in a browser and in containers one file at a time, after
 * the others, where there is a Chromium and Docker answers. `container`: those in containers alone, and the
 * long ones too. Options go to `node --test`.
 *
 *     node test/run.ts [container] [OPTION…]
 */
import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { withoutBrowser } from './browser/chromium.ts'
import { withoutDocker } from './container/docker.ts'

const quick = ['test/{unit,table,model,wire,simulation,system}/**/*.test.ts', 'test/*.test.ts']
const inBrowser = 'test/browser/**/*.test.ts'

const [first, ...rest] = process.argv.slice(2)
const isContainersAlone = first === 'container'
// Those in long/ take minutes: they run when one asks for the tests in containers.
const inContainers = isContainersAlone ? 'test/container/**/*.test.ts' : 'test/container/*.test.ts'
const options = isContainersAlone || first === undefined ? rest : [first, ...rest]

const passes = (...args: readonly string[]): boolean =>
  spawnSync(process.execPath, ['--test', ...options, ...args], { stdio: 'inherit' }).status === 0

const quickPassed = isContainersAlone || passes(...quick)
const browserPassed =
  isContainersAlone || withoutBrowser !== undefined || passes('--test-concurrency=1', inBrowser)
const containersPassed = withoutDocker || passes('--test-concurrency=1', inContainers)
if (withoutDocker) {
  const files = globSync(inContainers).length
  process.stdout.write(`Left out: ${files} files of test/container: ${withoutDocker}.\n`)
}
if (withoutBrowser !== undefined && !isContainersAlone) {
  const files = globSync(inBrowser).length
  process.stdout.write(`Left out: ${files} files of test/browser: ${withoutBrowser}.\n`)
}
process.exit(quickPassed && browserPassed && containersPassed ? 0 : 1)
