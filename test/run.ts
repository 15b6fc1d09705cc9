/**
 * `npm test`: all tests but the long ones; those in a browser one file at a time, and those in containers
 * two at a time, after the others, where there is a Chromium and Docker answers. `container`: those in
 * containers alone, one file at a time, and the long ones too. Options go to `node --test`.
 *
 *     node test/run.ts [container] [OPTION…]
 */
import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { withoutBrowser } from './browser/chromium.ts'
import { withoutDocker } from './container/docker.ts'

const quick = ['test/{unit,table,model,wire,simulation,system}/**/*.test.ts', 'test/*.test.ts']
const inBrowser = 'test/browser/**/*.test.ts'

const [first, ...rest] = process.argv.slice(2)
const isContainersAlone = first === 'container'
// Those in long/ take minutes: they run when one asks for the tests in containers.
const inContainers = isContainersAlone ? 'test/container/**/*.test.ts' : 'test/container/*.test.ts'
const options = isContainersAlone || first === undefined ? rest : [first, ...rest]

const passes = (atATime: number, ...patterns: readonly string[]): boolean => {
  const words = ['--test', `--test-concurrency=${atATime}`, ...options, ...patterns]
  return spawnSync(process.execPath, words, { stdio: 'inherit' }).status === 0
}

// Node leaves one core free, which of two is half; most of these wait for most of their time.
const quickPassed = isContainersAlone || passes(Math.max(2, availableParallelism() - 1), ...quick)
const browserPassed = isContainersAlone || withoutBrowser !== undefined || passes(1, inBrowser)
const containersPassed = withoutDocker || passes(isContainersAlone ? 1 : 2, inContainers)
if (withoutDocker) {
  const files = globSync(inContainers).length
  process.stdout.write(`Left out: ${files} files of test/container: ${withoutDocker}.\n`)
}
if (withoutBrowser !== undefined && !isContainersAlone) {
  const files = globSync(inBrowser).length
  process.stdout.write(`Left out: ${files} files of test/browser: ${withoutBrowser}.\n`)
}
process.exit(quickPassed && browserPassed && containersPassed ? 0 : 1)
