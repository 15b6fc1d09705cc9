import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { lockDirectory } from '../../../../infra/disk/lock.ts'

const root = await mkdtemp(join(tmpdir(), 'holdfast-lock-'))
after(() => rm(root, { recursive: true }))
const lockModule = join(import.meta.dirname, '../../../../infra/disk/lock.ts')

/** Another process that owns a directory, and says so; or one that was refused, and says why. */
const contender = async (directory: string): Promise<{ child: ChildProcess; said: string }> => {
  const script = `
    import { lockDirectory } from ${JSON.stringify(lockModule)}
    await lockDirectory(${JSON.stringify(directory)}).then(
      () => { console.log('owns'); setInterval(() => {}, 60_000) },
      (cause) => console.log(cause.name, cause.pid),
    )`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [said] = await once(child.stdout, 'data')
  return { child, said: String(said).trim() }
}

test('a directory has one owner at a time, in one process and between processes', async () => {
  const directory = join(root, 'one')
  const lock = await lockDirectory(directory)
  await assert.rejects(lockDirectory(directory), { name: 'LockError', pid: process.pid })
  const { said } = await contender(directory)
  assert.equal(said, `LockError ${process.pid}`)
  await lock.release()
  await lock.release()
  await (await lockDirectory(directory)).release()
  assert.deepEqual(await readdir(directory), [])
})

test('the error names the process that owns it; once that was killed the directory is free', async () => {
  const directory = join(root, 'killed')
  const { child, said } = await contender(directory)
  assert.equal(said, 'owns')
  await assert.rejects(lockDirectory(directory), {
    name: 'LockError',
    pid: child.pid,
    message: new RegExp(`process ${child.pid} owns it`),
  })
  child.kill('SIGKILL')
  await once(child, 'exit')
  const lock = await lockDirectory(directory)
  assert.equal((await readdir(directory)).length, 1)
  await lock.release()
})

test('a file that names a living process which was started at another time is a leftover', async () => {
  const directory = join(root, 'reused')
  await (await lockDirectory(directory)).release()
  await writeFile(join(directory, `lock-${process.ppid}-000000000000x1`), '')
  await (await lockDirectory(directory)).release()
  assert.deepEqual(await readdir(directory), [])
})

test('a process that was killed and of which its parent takes no note owns nothing', async () => {
  const directory = join(root, 'zombie')
  await (await lockDirectory(directory)).release()
  // The shell starts a child, tells its name as a lock would have it, kills it, and never waits.
  const script = `sleep 60 & read -r line < /proc/$!/stat; kill -9 $!; set -- $line
    echo "lock-$! $(cut -c1-13 /proc/sys/kernel/random/boot_id | tr -d -)x\${22}"; exec sleep 60`
  const parent = spawn('bash', ['-c', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [said] = await once(parent.stdout, 'data')
  const [pid, life] = String(said).trim().split(' ')
  await writeFile(join(directory, `${pid}-${life}`), '')
  const lock = await lockDirectory(directory)
  assert.equal((await readdir(directory)).length, 1)
  await lock.release()
  parent.kill('SIGKILL')
})
