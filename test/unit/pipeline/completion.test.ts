import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { describe, it } from 'node:test'
import { promisify } from 'node:util'
import { holdfast } from './process.ts'

const run = promisify(execFile)

/** What bash offers behind these words. */
const offered = async (...words: readonly string[]): Promise<readonly string[]> => {
  const { stdout: script } = await holdfast(['completion', 'bash'])
  const ask = `${script}
COMP_WORDS=("$@"); COMP_CWORD=$(( $# - 1 )); _holdfast; printf '%s\\n' "\${COMPREPLY[@]}"`
  const { stdout } = await run('bash', ['-c', ask, 'bash', 'holdfast', ...words])
  return stdout.trimEnd().split('\n')
}

describe('holdfast completion', () => {
  it('offers bash every command, its second words, and its options', async () => {
    const { stdout: help } = await holdfast(['--help'])
    const names = [...help.matchAll(/^ {2}([a-z]+)(?: ([a-z]+))?/gm)]
    const firsts = await offered('')
    assert.ok(names.length > 10)
    for (const [, first = '', second] of names) {
      assert.ok(firsts.includes(first), first)
      if (second !== undefined) assert.ok((await offered(first, '')).includes(second), second)
    }
    assert.deepEqual(await offered('cache', 're'), ['replay'])
    assert.deepEqual(await offered('cache', 'replay', '--t'), ['--to', '--tenant'])
    assert.deepEqual(await offered('completion', 'z'), ['zsh'])
    assert.deepEqual(await offered('run', '--config', 'package.j'), ['package.json'])
  })

  it('tells zsh and fish of every option of every command', async () => {
    const [zsh, fish] = await Promise.all(
      ['zsh', 'fish'].map(async (shell) => (await holdfast(['completion', shell])).stdout),
    )
    const { stdout: help } = await holdfast(['cache', 'replay', '--help'])
    const options = [...help.matchAll(/--([a-z-]+)/g)].map(([, name = '']) => name)
    assert.ok(options.length > 8)
    for (const name of options) {
      assert.ok(zsh?.includes(`--${name}[`), name)
      assert.ok(fish?.includes(`-l ${name}`), name)
    }
  })

  it('says which shells there are', async () => {
    const { status, stderr } = await holdfast(['completion', 'tcsh'])
    assert.equal(status, 2)
    assert.match(stderr, /There is nothing for "tcsh"; allowed: bash, zsh, fish\./)
  })
})

it('every command has a help with what it does, its options, and an example that begins with it', async () => {
  const { stdout: overview } = await holdfast(['--help'])
  const names = [...overview.matchAll(/^ {2}([a-z]+(?: [a-z]+)?)/gm)].map(([, name = '']) => name)
  for (const name of names) {
    const { status, stdout, stderr } = await holdfast([...name.split(' '), '--help'])
    assert.deepEqual([status, stderr], [0, ''], name)
    assert.match(stdout, /^[A-Z].*\.\n\nUsage: holdfast /, name)
    assert.match(stdout, new RegExp(`\nExamples:\n(?: .*\n)* +.*holdfast ${name}`), name)
  }
})
