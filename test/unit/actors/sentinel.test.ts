import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sentinel } from '../../../actors/sentinel/machine.ts'
import type { Announcement, SentinelInput } from '../../../actors/sentinel/protocol.ts'
import { instant } from '../../../schemas/brand.ts'
import { type Drive, drive } from '../../support/drive.ts'

const stallAfterMs = 1_000
const sampleMs = 100

type Watched = Drive<typeof sentinel> & {
  /** Time passes, sampled again and again, with nothing done; answers what was announced. */
  readonly stand: (ms: number, records?: number) => readonly Announcement[]
  readonly getOn: () => readonly Announcement[]
}

const watched = (remedy: SentinelInput['remedy'] = 'restart'): Watched => {
  const it = drive(sentinel, { subject: 'it', remedy, stallAfterMs, startedAtMs: instant(0) })
  let progress = 0
  const see = (work: 'some' | 'none', records: number): readonly Announcement[] => {
    it.tell({ type: 'progress.seen', work, progress, records })
    const announced = it.effects().filter(({ type }) => type === 'announce')
    return announced.map(({ params }) => params as Announcement)
  }
  return {
    ...it,
    stand: (ms, records = 10) => {
      const announced: Announcement[] = []
      for (let passed = 0; passed < ms; passed += sampleMs) {
        it.wait(sampleMs)
        announced.push(...see('some', records))
      }
      return announced
    },
    getOn: () => {
      it.wait(sampleMs)
      progress += 1
      return see('some', 10)
    },
  }
}
const kinds = (announced: readonly Announcement[]): readonly string[] =>
  announced.map(({ kind }) => kind)

test('sentinel S1: work and no progress for the whole time is a stall, and nothing less is', () => {
  const it = watched()
  it.getOn()
  assert.deepEqual(it.stand(stallAfterMs - sampleMs), [])
  it.getOn()
  assert.deepEqual(it.stand(stallAfterMs - sampleMs), [])
  assert.equal(it.state(), 'suspecting')
  const [stall] = it.stand(sampleMs, 30)
  assert.deepEqual(stall, { kind: 'stalled', stalledMs: stallAfterMs, records: 30 })
})

test('sentinel S1: whoever has nothing to do is never stalled, and the time begins with the work', () => {
  const it = watched()
  it.wait(60_000)
  it.tell({ type: 'progress.seen', work: 'none', progress: 0, records: 0 })
  assert.deepEqual(it.stand(stallAfterMs - sampleMs), [])
  assert.deepEqual(kinds(it.stand(sampleMs)), ['stalled'])
})

test('sentinel S2: each stall is told once, and so is its end, with how long and how much', () => {
  const it = watched()
  it.getOn()
  assert.deepEqual(kinds(it.stand(1.5 * stallAfterMs, 40)), ['stalled'])
  assert.deepEqual(it.getOn(), [{ kind: 'recovered', stalledMs: 1_600, records: 40 }])
  assert.equal(it.state(), 'watching')
  assert.deepEqual(kinds(it.stand(stallAfterMs)), ['stalled'])
})

test('sentinel S3: it is started anew once for a stall; if that does not help, it is given up', () => {
  const it = watched()
  it.getOn()
  it.stand(stallAfterMs)
  assert.deepEqual(
    it.effects().map(({ type }) => type),
    ['announce', 'restart'],
  )
  it.tell({ type: 'restart.done' })
  assert.equal(it.state(), 'recovering')
  assert.deepEqual(it.stand(stallAfterMs - sampleMs), [])
  const [end] = it.stand(sampleMs)
  assert.deepEqual(end, {
    kind: 'givenUp',
    detail: 'it was started anew, and that did not help',
    stalledMs: 2 * stallAfterMs,
    records: 10,
  })
  assert.deepEqual(it.stand(10 * stallAfterMs), [])
  assert.equal(it.state(), 'failing')
  assert.deepEqual(kinds(it.getOn()), ['recovered'])
})

test('sentinel S4: what cannot be started anew, or is not, is given up and not waited for', () => {
  const alone = watched('none')
  alone.getOn()
  assert.deepEqual(kinds(alone.stand(stallAfterMs)), ['stalled', 'givenUp'])
  const refused = watched()
  refused.getOn()
  refused.stand(stallAfterMs)
  refused.tell({ type: 'restart.refused', detail: 'it is shutting down' })
  assert.deepEqual(refused.params('announce'), {
    kind: 'givenUp',
    detail: 'it is shutting down',
    stalledMs: stallAfterMs,
    records: 10,
  })
  const unanswered = watched()
  unanswered.getOn()
  assert.deepEqual(kinds(unanswered.stand(2 * stallAfterMs)), ['stalled', 'givenUp'])
})

test('sentinel S4: an answer that comes too late, or twice, changes nothing', () => {
  const it = watched()
  it.getOn()
  it.stand(stallAfterMs)
  it.getOn()
  it.tell({ type: 'restart.done' })
  assert.equal(it.state(), 'watching')
  it.stand(stallAfterMs)
  it.tell({ type: 'restart.done' })
  it.tell({ type: 'restart.done' })
  it.tell({ type: 'restart.refused', detail: 'late' })
  assert.equal(it.state(), 'recovering')
})
