/** The console's files as a browser gets them. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Admin } from '../../../pipeline/admin/server.ts'
import { buildConsole } from '../../../pipeline/console/build/build.ts'
import { call, open } from './call-admin.ts'
import { handMade } from './hand-made.ts'

const paths = ['/', '/console.js', '/console.css', '/charts.json', '/icon.svg']
/** What a phone has to fetch once. */
const zippedBytesMax = 60_000

describe('the files of the console', () => {
  const { observed } = handMade()
  let locked: Admin
  let unlocked: Admin
  before(async () => {
    await buildConsole()
    unlocked = await open({ observed })
    locked = await open({ observed, token: 'secret' })
  })
  after(() => Promise.all([locked.close(), unlocked.close()]))

  it('are there before a token is, since a browser has to ask for it; what they show is not', async () => {
    for (const path of paths) assert.equal((await call(locked, path)).status, 200, path)
    assert.equal((await call(locked, '/api/v1/live')).status, 401)
    const headers = { authorization: 'Bearer secret' }
    assert.equal((await call(locked, '/api/v1/live', { headers })).status, 200)
  })

  it('are for this machine alone where there is no token, as everything is', async () => {
    const headers = { host: 'evil.example' }
    for (const path of paths) assert.equal((await call(unlocked, path, { headers })).status, 403)
  })

  it('allow nothing from elsewhere and nothing inline', async () => {
    for (const path of paths) {
      const { headers } = await call(unlocked, path)
      const policy = String(headers['content-security-policy'])
      assert.match(policy, /default-src 'none'/)
      assert.match(policy, /script-src 'self'/)
      assert.match(policy, /frame-ancestors 'none'/)
      assert.doesNotMatch(policy, /unsafe|https?:|\*/)
    }
    const { text } = await call(unlocked, '/')
    assert.doesNotMatch(text, /<script(?![^>]*src=)|<style|style=|https?:/)
  })

  it('are small, and are what was built, zipped or not', async () => {
    let bytes = 0
    for (const path of paths) {
      const plain = await call(unlocked, path)
      const zipped = await fetch(`${unlocked.url}${path}`)
      assert.equal(zipped.headers.get('content-encoding'), 'gzip')
      bytes += Number(zipped.headers.get('content-length'))
      assert.equal(await zipped.text(), plain.text)
    }
    assert.ok(bytes < zippedBytesMax, `${bytes} bytes`)
  })

  it('are not sent again to whoever has them', async () => {
    const { headers } = await call(unlocked, '/console.js')
    const again = await call(unlocked, '/console.js', {
      headers: { 'if-none-match': String(headers['etag']) },
    })
    assert.deepEqual([again.status, again.text], [304, ''])
  })

  it('are five, and no path leads to another one', async () => {
    for (const path of ['/index.html', '/console.js/', '/..%2fpackage.json', '/../cli.js'])
      assert.equal((await call(unlocked, path)).status, 404, path)
    assert.equal((await call(unlocked, '/', { method: 'POST' })).status, 404)
  })

  it('draw every state of every machine, inside the picture', async () => {
    const charts = JSON.parse((await call(unlocked, '/charts.json')).text)
    assert.deepEqual(
      charts.machines.map(({ id }: { id: string }) => id),
      ['collector', 'cache', 'dispatcher', 'delivery', 'endpoint-manager', 'sentinel'],
    )
    for (const { wide, tall } of charts.machines)
      for (const { width, height, states, arrows } of [wide, tall]) {
        assert.ok(states.length > 3 && arrows.length >= states.length - 1)
        for (const state of states)
          assert.ok(
            state.x >= 0 && state.x + state.width <= width && state.y + state.height <= height,
          )
        for (const { path } of arrows) assert.match(path, /^M[\d.]+ [\d.]+L/)
      }
  })

  it('are sent plain to whoever does not take gzip', async () => {
    const response = await fetch(`${unlocked.url}/icon.svg`, {
      headers: { 'accept-encoding': 'br' },
    })
    assert.equal(response.headers.get('content-encoding'), null)
    assert.match(await response.text(), /^<svg/)
  })
})
