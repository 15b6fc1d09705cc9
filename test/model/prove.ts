/** `npm run prove`: explores all scenes, and with `--mutants` shows that it would notice a mistake. */
import { parseArgs } from 'node:util'
import { progressOnTerminal } from '../../pipeline/commands/progress.ts'
import { coverageOf } from './cells.ts'
import { counterexample } from './counterexample.ts'
import { type MutantResult, playMutant } from './mutant-run.ts'
import { mutants } from './mutants.ts'
import { playScene, type SceneResult } from './proof.ts'
import { scenes } from './scenes.ts'

const help = `Explores all actors at once, with everything around them that may go wrong.

  --states-max N  look at N states at most, over all scenes (default 2000000)
  --scene TEXT    only the scenes with this text in their name
  --mutants       show as well that each of the mistakes in mutants.ts is noticed
  --json          one JSON object, last on stdout
`
const defaultStatesMax = 2_000_000

const optionsOf = () => {
  try {
    const { values } = parseArgs({
      options: {
        'states-max': { type: 'string', default: `${defaultStatesMax}` },
        scene: { type: 'string', default: '' },
        mutants: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    })
    const statesMax = Number(values['states-max'])
    if (!Number.isSafeInteger(statesMax) || statesMax < 1)
      throw new RangeError(`--states-max takes a whole number, not ${values['states-max']}.`)
    return { ...values, statesMax }
  } catch (cause) {
    process.stderr.write(`${cause instanceof Error ? cause.message : String(cause)}\n\n${help}`)
    process.exit(2)
  }
}
const options = optionsOf()
if (options.help) {
  process.stdout.write(help)
  process.exit(0)
}

/** With `--json`, what people read goes to stderr. */
const say = (text: string): void => {
  const stream = options.json ? process.stderr : process.stdout
  stream.write(`${text}\n`)
}
const counted = (value: number): string => value.toLocaleString('en')

const sceneLine = (it: SceneResult): string =>
  [
    counted(it.states).padStart(11),
    counted(it.transitions).padStart(13),
    `${it.depth}`.padStart(7),
    counted(it.goals).padStart(9),
    it.seconds.toFixed(1).padStart(9),
    it.extent.padStart(9),
    `  ${it.name}`,
  ].join('')

const playScenes = () => {
  const met = new Set<string>()
  const chosen = scenes.filter(({ name }) => name.includes(options.scene))
  say('     states  transitions  depth     ends  seconds   extent  scene')
  let left = options.statesMax
  const results = chosen.map((scene, index) => {
    // Scenes are smallest first: one may take half as much again as its share.
    const share = left / (chosen.length - index)
    const statesMax = Math.max(1, Math.ceil(Math.min(left, share * 1.5)))
    const progress = progressOnTerminal({
      what: `scene ${index + 1} of ${chosen.length}, ${scene.name}`,
      unit: 'states',
    })
    const result = playScene(scene, {
      statesMax,
      met: (cell) => met.add(cell),
      progressed: progress.at,
    })
    progress.end()
    left -= result.states
    say(sceneLine(result))
    return result
  })
  return { results, met }
}

const { results, met } = playScenes()
const sum = (of: (result: SceneResult) => number): number =>
  results.reduce((total, result) => total + of(result), 0)
const totals = {
  states: sum((it) => it.states),
  transitions: sum((it) => it.transitions),
  depth: Math.max(0, ...results.map((it) => it.depth)),
  seconds: Number(sum((it) => it.seconds).toFixed(1)),
}
const bounded = results.filter(({ extent }) => extent === 'bounded').length
say(
  `\n${counted(totals.states)} states, ${counted(totals.transitions)} transitions, ${totals.seconds} s, ${counted(sum((it) => it.asked))} steps of machines; ${results.length - bounded} scenes as a whole, ${bounded} up to the bound.`,
)

const findings = results.flatMap(({ finding }) => (finding === null ? [] : [finding]))
for (const finding of findings) say(`\n${counterexample(finding)}`)

const coverage = coverageOf(met)
const isWhole =
  options.scene === '' && results.slice(0, -1).every(({ extent }) => extent === 'whole')
say(
  `${coverage.visited} of ${coverage.total} cells (state × message) were met, ${coverage.unreachable} cannot be.`,
)
// Where not all was looked at, nothing can be said of what was not met.
const missing = isWhole && findings.length === 0 ? coverage.missing : []
for (const cell of missing) say(`  neither met nor listed as unreachable: ${cell}`)
for (const cell of coverage.wronglyListed) say(`  listed as unreachable: ${cell}`)

const played: MutantResult[] = []
const progress = progressOnTerminal({ what: 'playing', unit: 'mutants' })
for (const mutant of options.mutants ? mutants : []) {
  progress.at(played.length, mutants.length)
  const result = playMutant(mutant)
  progress.end()
  played.push(result)
  say(
    `${result.caught === null ? 'SURVIVES' : 'caught  '} ${result.seconds.toFixed(1).padStart(5)} s  ${mutant.name}: ${result.caught?.what ?? `expected: ${mutant.breaks}`}`,
  )
}
const survivors = played.filter(({ caught }) => caught === null).map(({ name }) => name)
if (options.mutants)
  say(`${played.length - survivors.length} of ${played.length} mutants are caught.`)

const violations = [
  ...findings.map(({ scene, what, path }) => ({
    scene,
    what,
    steps: path.map((it) => `${it.from} → ${it.to}: ${it.what}`),
  })),
  ...missing.map((cell) => ({
    scene: 'all',
    what: `${cell} was not met, and is not listed as unreachable`,
    steps: [],
  })),
  ...coverage.wronglyListed.map((cell) => ({
    scene: 'all',
    what: `${cell} is listed as unreachable, and is not`,
    steps: [],
  })),
]
if (options.json) {
  const report = {
    ...totals,
    scenes: { whole: results.length - bounded, bounded },
    violations,
    cells: {
      total: coverage.total,
      visited: coverage.visited,
      unreachable: coverage.unreachable,
    },
    mutants: { total: played.length, caught: played.length - survivors.length, survivors },
  }
  process.stdout.write(`${JSON.stringify(report)}\n`)
}
process.exitCode = violations.length + survivors.length > 0 ? 1 : 0
