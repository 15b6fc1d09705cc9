import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { endpointManager } from '../../../actors/endpoint-manager/machine.ts'
import type { EndpointManagerEffects } from '../../../actors/endpoint-manager/protocol.ts'
import { epoch } from '../../../schemas/brand.ts'
import { type Drive, drive } from '../../support/drive.ts'
import { endpointManagerInput, urls } from '../../support/route-parts.ts'

type It = Drive<typeof endpointManager>
const current = (it: It) => it.context().current
const report = (it: It, healthy: boolean, number: number) =>
  it.tell({ type: 'attempt.reported', epoch: epoch(number), healthy, detail: 'oops' })
const redirect = (it: It, location: string | null, number: number) =>
  it.tell({ type: 'redirect.reported', sendId: 's1', epoch: epoch(number), status: 307, location })
const command = (it: It, commandId: string, url: string) =>
  it.tell({ type: 'endpoint.commanded', commandId, url, reason: 'move' })
const answeredIn = (it: It): readonly string[] =>
  it
    .effects()
    .filter(({ type }) => type === 'answerCommand')
    .map(({ params }) => (params as EndpointManagerEffects['answerCommand']).commandId)

const locations = [...Object.values(urls), 'https://elsewhere.net', null] as const
type Play = (it: It) => void
const playArbitrary: fc.Arbitrary<Play> = fc.oneof(
  fc.tuple(fc.constantFrom(...locations), fc.nat(12)).map(
    ([location, back]): Play =>
      (it) =>
        redirect(it, location, (current(it)?.epoch ?? 0) - Math.max(0, back - 9)),
  ),
  fc.tuple(fc.boolean(), fc.nat(3)).map(
    ([healthy, back]): Play =>
      (it) =>
        report(it, healthy, (current(it)?.epoch ?? 0) - Math.max(0, back - 2)),
  ),
  fc.constant<Play>((it) => it.tell({ type: 'endpoint.pinned', reason: '' })),
  fc.constant<Play>((it) => it.tell({ type: 'endpoint.unpinned', reason: '' })),
  fc.constant<Play>((it) => it.tell({ type: 'endpoint.requested', dispatcher: 'edge' })),
  fc.nat(30_000).map(
    (ms): Play =>
      (it) =>
        it.wait(ms),
  ),
  fc.constant<Play>((it) => {
    if (it.armedMs() !== null) it.fire()
  }),
)

test('endpoint-manager E1, endpoint-manager E2: whatever comes, epochs grow, and each command is answered once.', () => {
  const step = fc.oneof(
    { weight: 3, arbitrary: playArbitrary.map((play) => ({ kind: 'play', play }) as const) },
    fc.constantFrom(urls.a, urls.b, urls.c).map((url) => ({ kind: 'command', url }) as const),
    { weight: 3, arbitrary: fc.constantFrom('kept', 'failed').map((kind) => ({ kind }) as const) },
  )
  const property = fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
    const commands: string[] = []
    const answered: string[] = []
    const writes: { write: number; url: string }[] = []
    const journal = new Map<number, string>()
    let before = 0
    const it = drive(endpointManager, endpointManagerInput, {
      check: (it) => {
        for (const { type, params } of it.effects())
          if (type === 'journalAssignment') writes.push(params as { write: number; url: string })
        answered.push(...answeredIn(it))
        const now = current(it)
        assert.ok((now?.epoch ?? 0) >= before)
        if (now !== null) assert.equal(journal.get(now.epoch), now.url)
        before = now?.epoch ?? 0
        assert.ok(it.context().hops.length <= endpointManagerInput.hopsMax)
        assert.ok(it.context().commands.length <= endpointManagerInput.commandsMax)
      },
    })
    const answerWrite = (kind: 'kept' | 'failed'): void => {
      const next = writes.shift()
      if (next === undefined) return
      const { write, url } = next
      if (kind === 'failed') {
        it.tell({ type: 'journal.failed', write, detail: '' })
        return
      }
      const number = journal.size + 1
      journal.set(number, url)
      it.tell({ type: 'assignment.journaled', write, epoch: epoch(number) })
    }
    for (const taken of steps) {
      if (taken.kind === 'play') taken.play(it)
      else if (taken.kind !== 'command') answerWrite(taken.kind)
      else {
        const commandId = `k${commands.length}`
        commands.push(commandId)
        command(it, commandId, taken.url)
      }
    }
    // The end: a command, the last, and a journal that answers.
    while (writes.length > 0) answerWrite('kept')
    command(it, 'last', urls.c)
    while (writes.length > 0) answerWrite('kept')
    assert.deepEqual(answered.toSorted(), [...commands, 'last'].toSorted())
    assert.equal(current(it)?.url, urls.c)
    assert.notEqual(it.state(), 'assigning')
  })
  fc.assert(property, { numRuns: 300 })
})
