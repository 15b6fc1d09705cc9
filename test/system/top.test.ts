/** `holdfast top` in a real terminal, over a real process that goes away and comes back. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { textWidth } from '../../pipeline/top/line.ts'
import { cli, startHoldfast, until, workspace } from '../support/holdfast-process.ts'
import { openLoad } from '../support/load.ts'
import { openSink } from '../support/sink.ts'
import { lastFrame, openTerminal } from '../support/terminal.ts'

const token = 's3cret'
const opened = async (folder: string, url: string, port: string) =>
  startHoldfast(folder, {
    endpoint: { url },
    admin: { listen: `127.0.0.1:${port}`, token },
  })
const restored = '\u001b[?7h\u001b[?25h\u001b[?1049l'

test('the view follows the account, the size of the terminal, and a process that comes back', async (t) => {
  await using folder = await workspace()
  const sink = await openSink()
  t.after(sink.close)
  await using holdfast = await opened(folder.path, sink.url, '0')
  const load = openLoad({
    streams: [{ tenant: 'acme', service: 'auth' }],
    recordsPerRequest: 10,
    recordBytes: 100,
  })
  t.after(load.close)
  const terminal = openTerminal(
    [process.execPath, cli, 'top', '--admin', holdfast.admin, '--interval', '100ms'],
    { columns: 80, rows: 24, environment: { HOLDFAST_ADMIN_TOKEN: token } },
  )
  t.after(terminal.close)
  const shows = (pattern: RegExp): Promise<string> =>
    until(
      () => lastFrame(terminal.output()).join('\n'),
      (text) => pattern.test(text),
    )
  await shows(/nothing was accepted yet/)
  await load.send({ to: () => holdfast.otlp, connections: 1, goOn: (requests) => requests < 5 })
  await shows(/acme +auth +50/)
  for (const size of [
    { columns: 200, rows: 60 },
    { columns: 61, rows: 17 },
    { columns: 120, rows: 40 },
  ]) {
    terminal.resize(size)
    const isFilled = (lines: readonly string[]): boolean =>
      lines.length === size.rows && lines.every((line) => textWidth(line) === size.columns)
    await until(() => lastFrame(terminal.output()), isFilled)
  }
  terminal.press('?')
  await shows(/leave; the pipeline goes on/)
  terminal.press('?')
  assert.equal(await holdfast.kill('SIGKILL'), null)
  await shows(/Not heard of for .*could not be reached/)
  await using again = await opened(folder.path, sink.url, new URL(holdfast.admin).port)
  await shows(/ ready +up (?:.|\n)*acme +auth +50/)
  assert.equal(again.admin, holdfast.admin)
  terminal.press('q')
  assert.equal(await terminal.exited, 0)
  assert.ok(terminal.output().endsWith(restored), JSON.stringify(terminal.output().slice(-80)))
})

test('the ring is drawn by class while records wait, in any size, and shrinks when they have gone', async (t) => {
  await using folder = await workspace()
  const sink = await openSink({ behaviour: () => ({ kind: 'status', status: 503 }) })
  t.after(sink.close)
  const capacityBytes = 4 * 1024 * 1024
  await using holdfast = await startHoldfast(folder.path, {
    endpoint: { url: sink.url },
    cache: {
      capacity: '4MiB',
      priorities: [
        { match: { service: 'bill*' }, class: 'high' },
        { match: { service: 'debug' }, class: 'low' },
      ],
    },
    dispatch: { backoff: { initial: '50ms', max: '100ms' } },
  })
  const load = openLoad({
    streams: ['billing', 'web', 'debug'].map((service) => ({ tenant: 'acme', service })),
    recordsPerRequest: 100,
    recordBytes: 1_000,
  })
  t.after(load.close)
  await load.send({ to: () => holdfast.otlp, connections: 1, goOn: (requests) => requests < 30 })
  const terminal = openTerminal(
    [process.execPath, cli, 'top', '--admin', holdfast.admin, '--interval', '100ms'],
    { columns: 120, rows: 30 },
  )
  t.after(terminal.close)
  const ringLine = (): string =>
    lastFrame(terminal.output()).find((line) => line.startsWith('RING')) ?? ''
  // A million bytes of each class is a quarter of it, and something for headers.
  const drawn =
    /^RING +(█+)(▓+)(▒+)(░+) (\d+)% of 4.00 MiB +█ high \S+ KiB +▓ normal \S+ KiB +▒ low \S+ KiB/
  const [, high = '', normal = '', low = '', free = '', percent] =
    drawn.exec(await until(ringLine, (line) => drawn.test(line))) ?? []
  const { rings } = await holdfast.get<{
    rings: { bytes: number; classes: { priority: string; bytes: number; batches: number }[] }[]
  }>('/api/v1/rings')
  const [ring] = rings
  assert.ok(ring !== undefined)
  assert.ok(ring.classes.every(({ batches }) => batches > 0))
  assert.equal(Number(percent), Math.round((ring.bytes / capacityBytes) * 100))
  const cells = high.length + normal.length + low.length + free.length
  for (const [index, bar] of [high, normal, low].entries()) {
    const share = (ring.classes[index]?.bytes ?? 0) / capacityBytes
    assert.ok(Math.abs(bar.length - share * cells) <= 1, `${bar} of ${cells} cells for ${share}`)
  }
  for (const size of [
    { columns: 200, rows: 60 },
    { columns: 40, rows: 8 },
    { columns: 61, rows: 17 },
    { columns: 90, rows: 30 },
  ]) {
    terminal.resize(size)
    await until(
      () => lastFrame(terminal.output()),
      (lines) =>
        lines.length === size.rows &&
        lines.every((line) => textWidth(line) === size.columns) &&
        // The smallest has no room for it.
        (size.rows < 10 || lines.some((line) => /^RING +█+▓+▒+░+ \d+% of 4.00 MiB/.test(line))),
    )
  }
  sink.behave(() => ({ kind: 'accept' }))
  // The segments that are still written to stay, a sixteenth of the capacity each.
  const percentOf = (line: string): number => Number(/ (\d+)% of /.exec(line)?.[1] ?? 100)
  await until(ringLine, (line) => percentOf(line) < 25)
  terminal.press('q')
  assert.equal(await terminal.exited, 0)
})

test('the terminal is given back on SIGTERM, on Ctrl-C and after a crash; what fails is said on it', async (t) => {
  await using folder = await workspace()
  const sink = await openSink()
  t.after(sink.close)
  await using holdfast = await opened(folder.path, sink.url, '0')
  const words = [process.execPath, cli, 'top', '--admin', holdfast.admin]
  const environment = { HOLDFAST_ADMIN_TOKEN: token }
  for (const end of ['SIGTERM', 'key'] as const) {
    const terminal = openTerminal(words, { columns: 80, rows: 24, environment })
    await until(terminal.output, (output) => output.includes('ACTORS'))
    if (end === 'key') terminal.press('\u0003')
    else terminal.signal('SIGTERM')
    assert.equal(await terminal.exited, 0)
    assert.ok(terminal.output().endsWith(restored))
  }
  const flaw = 'data:text/javascript,process.stdin.on("data", () => { throw new Error("a flaw") })'
  const [node = '', ...rest] = words
  const crashed = openTerminal([node, '--import', flaw, ...rest], {
    columns: 80,
    rows: 24,
    environment,
  })
  await until(crashed.output, (output) => output.includes('ACTORS'))
  crashed.press('x')
  assert.equal(await crashed.exited, 1)
  const [, said = ''] = crashed.output().split(restored)
  assert.match(said, /a flaw/)
  const refused = openTerminal(words, {
    columns: 80,
    rows: 24,
    environment: { HOLDFAST_ADMIN_TOKEN: '' },
  })
  assert.equal(await refused.exited, 1)
  assert.match(refused.output(), /401.*set HOLDFAST_ADMIN_TOKEN/s)
  assert.ok(!refused.output().includes('\u001b[?1049h'))
})

test('without a terminal one view is printed, and with --json one look a line', async (t) => {
  await using folder = await workspace()
  const sink = await openSink()
  t.after(sink.close)
  await using holdfast = await opened(folder.path, sink.url, '0')
  const run = (...words: readonly string[]) =>
    spawn(
      process.execPath,
      [cli, 'top', '--admin', holdfast.admin, '--interval', '100ms', ...words],
      {
        env: { ...process.env, HOLDFAST_ADMIN_TOKEN: token },
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
  const textOf = async (child: ReturnType<typeof run>): Promise<string> => {
    let text = ''
    child.stdout.setEncoding('utf8').on('data', (more: string) => {
      text += more
    })
    const [status] = await once(child, 'close')
    assert.equal(status, 0)
    return text
  }
  const plain = await textOf(run())
  assert.match(plain, /^ holdfast .*\nACCEPTED/)
  assert.ok(!plain.includes('\u001b'))
  const [line, ...more] = (await textOf(run('--json', '--once'))).trimEnd().split('\n')
  assert.deepEqual(more, [])
  const look = JSON.parse(line ?? '')
  assert.equal(look.totals.accepted, 0)
  assert.equal(look.endpoint.url, sink.url)

  const following = run('--json')
  const seen: string[] = []
  following.stdout.setEncoding('utf8').on('data', (text: string) => seen.push(text))
  await until(
    () => seen.join('').split('\n').length,
    (count) => count > 3,
  )
  following.kill('SIGINT')
  assert.equal((await once(following, 'close'))[0], 0)
  for (const text of seen.join('').trimEnd().split('\n')) assert.ok('rates' in JSON.parse(text))
})
