import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { NoQuotaError, openQuotas } from '../../bench/cpu-quota.ts'

/** Folders and files as the system has them, by path. They bound nobody. */
const rootWith = async (files: Readonly<Record<string, string>>): Promise<string> => {
  const root = await mkdtemp(join(tmpdir(), 'control-groups-'))
  for (const [file, text] of Object.entries(files)) {
    await mkdir(join(root, file, '..'), { recursive: true })
    await writeFile(join(root, file), text)
  }
  return root
}

const written = async (folder: string): Promise<Readonly<Record<string, string>>> => {
  const [name] = (await readdir(folder)).filter((it) => it.startsWith('holdfast-bench-'))
  assert.ok(name !== undefined, `there is a group in ${folder}`)
  const files = await readdir(join(folder, name))
  const texts = files.map(async (file) => [file, await readFile(join(folder, name, file), 'utf8')])
  return Object.fromEntries(await Promise.all(texts))
}

test('a process gets its share of a core from control groups of version 1, and of version 2', async () => {
  const first = await rootWith({ 'cpu/cgroup.procs': '' })
  const second = await rootWith({ 'cgroup.controllers': 'cpuset cpu io', 'cgroup.procs': '' })
  try {
    await (await openQuotas(first)).bound(4_711, 0.3)
    assert.deepEqual(await written(join(first, 'cpu')), {
      'cpu.cfs_period_us': '20000',
      'cpu.cfs_quota_us': '6000',
      'cgroup.procs': '4711',
    })
    await (await openQuotas(second)).bound(4_711, 1.5)
    assert.deepEqual(await written(second), { 'cpu.max': '30000 20000', 'cgroup.procs': '4711' })
    assert.equal(await readFile(join(second, 'cgroup.subtree_control'), 'utf8'), '+cpu')
  } finally {
    await Promise.all([first, second].map((root) => rm(root, { recursive: true })))
  }
})

test('groups that a killed measurement left behind are removed, and those of a living one are not', async () => {
  const pidsEnd = 2 ** 22
  const root = await rootWith({ 'cpu/cgroup.procs': '' })
  try {
    await mkdir(join(root, 'cpu', `holdfast-bench-${pidsEnd + 1}-7`))
    await mkdir(join(root, 'cpu', `holdfast-bench-${process.pid}-7`))
    await openQuotas(root)
    assert.deepEqual((await readdir(join(root, 'cpu'))).toSorted(), [
      'cgroup.procs',
      `holdfast-bench-${process.pid}-7`,
    ])
  } finally {
    await rm(root, { recursive: true })
  }
})

test('where the CPU cannot be bounded, it is said where, why, and that nothing is measured', async () => {
  const bare = await rootWith({})
  // A group that is there already, as a stranger's: it cannot be made.
  const taken = await rootWith({
    'cpu/cgroup.procs': '',
    [`cpu/holdfast-bench-${process.pid}-4711/cgroup.procs`]: '',
  })
  const told = (cause: unknown): boolean => {
    assert.ok(cause instanceof NoQuotaError)
    assert.match(cause.message, /control group at \/.*: .*\. It takes Linux.*Nothing is measured/)
    return true
  }
  try {
    await assert.rejects(openQuotas(bare), told)
    await assert.rejects(openQuotas(join(bare, 'nowhere')), told)
    const quotas = await openQuotas(taken)
    await assert.rejects(quotas.bound(4_711, 0.3), told)
  } finally {
    await Promise.all([bare, taken].map((root) => rm(root, { recursive: true })))
  }
})
