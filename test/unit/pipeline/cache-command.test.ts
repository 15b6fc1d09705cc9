import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { nodeFilesystem } from '../../../infra/disk/node-filesystem.ts'
import { openRing } from '../../../infra/ring/ring.ts'
import { payloadOf, unstored } from '../infra/ring/ring-fixture.ts'
import { holdfast } from './process.ts'

describe('holdfast cache', () => {
  let folder: string
  const ask = (...words: readonly string[]) => holdfast(['cache', ...words, '--dir', folder])
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-cache-'))
    const ring = openRing({
      filesystem: nodeFilesystem,
      directory: join(folder, 'ring'),
      segmentBytes: 2 ** 20,
      durability: 'os',
    })
    await ring.recover({ segments: new Set(), offsets: new Map() })
    await ring.append([0, 1, 2].map((index) => unstored(index)))
    await ring.close()
  })
  after(() => rm(folder, { recursive: true }))

  it('inspect shows each segment with its streams, for people and as JSON', async () => {
    const shown = await ask('inspect')
    assert.deepEqual([shown.status, shown.stderr], [0, ''])
    assert.match(shown.stdout, /segment-\d+-\w+\.log {2}\w+, [\d,]+ bytes, 3 batches, \d+ records/)
    assert.match(shown.stdout, /\nSegments: 1\. Records: 30, 30 of them pending\.\n$/)
    const { segments } = JSON.parse((await ask('inspect', '--json')).stdout)
    assert.deepEqual([segments.length, segments[0].batches], [1, 3])
  })

  it('verify exits 0 while every checksum holds, and 1 with the exact range once one does not', async () => {
    const whole = await ask('verify')
    assert.deepEqual([whole.status, whole.stdout], [0, 'Every checksum holds.\n'])
    assert.deepEqual(JSON.parse((await ask('verify', '--json')).stdout), { damage: [] })

    const [name = ''] = await readdir(join(folder, 'ring')).then((names) =>
      names.filter((file) => file.startsWith('segment-')),
    )
    const file = join(folder, 'ring', name)
    const bytes = await readFile(file)
    const at = bytes.indexOf(payloadOf(1))
    assert.ok(at > 0)
    bytes[at] = (bytes[at] ?? 0) ^ 1
    await writeFile(file, bytes)

    const damaged = await ask('verify')
    assert.equal(damaged.status, 1)
    assert.match(
      damaged.stdout,
      /: payload, the payload does not have its checksum; records \d+-\d+ of /,
    )
    assert.match(damaged.stdout, /\nDamaged places: 1\.\n$/)
    const { damage } = JSON.parse((await ask('verify', '--json')).stdout)
    assert.deepEqual([damage.length, damage[0].kind], [1, 'payload'])
  })

  it('says where it found no ring, and how to look elsewhere', async () => {
    const { status, stdout, stderr } = await holdfast(['cache', 'inspect', '--dir', '/nowhere'])
    assert.deepEqual([status, stdout], [1, ''])
    assert.equal(stderr, 'There is no ring in /nowhere; --dir DIR says where to look.\n')
  })

  it('asks the configuration where the data is, and says what is wrong with it', async () => {
    const { status, stderr } = await holdfast(['cache', 'verify', '--config', '/nowhere.yaml'])
    assert.equal(status, 2)
    assert.match(stderr, /there is no such file.*\nWithout a configuration, --dir DIR says/)
  })
})
