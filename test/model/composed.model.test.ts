/**
 * The scenes of `npm run prove`, as far as a few seconds take them: what is wrong there is wrong here as
 * a rule, since the shortest way to it comes first. And each mutant has to be noticed.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allCells, coverageOf } from './cells.ts'
import { counterexample } from './counterexample.ts'
import { playMutant } from './mutant-run.ts'
import { mutants } from './mutants.ts'
import { playScene } from './proof.ts'
import { scenes } from './scenes.ts'
import { unreachable } from './unreachable.ts'

/** Of each scene; in all at least so many, which is nearly all of most scenes. */
const statesMax = 10_000
const statesMin = 200_000

const met = new Set<string>()
let looked = 0
for (const scene of scenes) {
  test(`Nothing is wrong in the first states in which ${scene.name}.`, () => {
    const { finding, states } = playScene(scene, { statesMax, met: (cell) => met.add(cell) })
    looked += states
    assert.equal(finding === null ? '' : counterexample(finding), '')
  })
}

test('That was a look at states enough to be worth the time.', () => {
  assert.ok(looked >= statesMin, `${looked} states`)
})

test('No cell that is listed as unreachable is met, and each of them is a cell.', () => {
  assert.deepEqual(coverageOf(met).wronglyListed, [])
  const cells = new Set<string>(allCells())
  for (const cell of Object.keys(unreachable)) assert.ok(cells.has(cell), cell)
})

for (const mutant of mutants) {
  test(`It is noticed when ${mutant.name}.`, () => {
    assert.notEqual(
      playMutant(mutant).caught,
      null,
      `not noticed, although it breaks: ${mutant.breaks}`,
    )
  })
}
