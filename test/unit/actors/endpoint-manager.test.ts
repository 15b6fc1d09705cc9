import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { epoch } from '../../../schemas/brand.ts'
import { told } from '../../support/drive.ts'
import {
  announced,
  answers,
  assigned,
  assignment,
  command,
  current,
  type It,
  journaled,
  moved,
  proven,
  redirect,
  report,
  started,
  why,
} from '../../support/manager-moves.ts'
import { endpointManagerInput, urls } from '../../support/route-parts.ts'

describe('An endpoint manager assigns', () => {
  test('endpoint-manager E1: the configured endpoint first, told once the journal has it.', () => {
    const it = started()
    assert.deepEqual([it.state(), told(it.effects())], ['assigning', []])
    journaled(it, 7)
    assert.deepEqual(
      assignment(it).map(({ epoch, url, by }) => [epoch, url, by]),
      [[7, urls.a, 'configuration']],
    )
    assert.equal(it.state(), 'probation')
  })

  test('endpoint-manager E1: an epoch that is no newer than the current one is not taken over.', () => {
    const it = assigned()
    command(it, 'k1', urls.b)
    assert.deepEqual(journaled(it, 1), [])
    assert.equal(it.state(), 'assigning')
    journaled(it, 2)
    assert.equal(current(it)?.url, urls.b)
  })

  test('endpoint-manager E8: pinned before anything was assigned, it asks the journal again.', () => {
    const it = started()
    it.tell({ type: 'endpoint.pinned', reason: 'stay' })
    it.tell({ type: 'journal.failed', write: 1, detail: 'disk' })
    assert.equal(it.state(), 'unassigned')
    assert.deepEqual(it.fire(), ['journalAssignment'])
    journaled(it, 1)
    assert.deepEqual([it.state(), current(it)?.url], ['pinned', urls.a])
  })

  test('endpoint-manager E8: what was written twice has failed only when both writes have.', () => {
    const it = assigned()
    command(it, 'k1', urls.b)
    it.fire()
    const failed = { type: 'journal.failed', write: 2, detail: 'disk' } as const
    assert.deepEqual([it.tell(failed), it.state()], [[], 'assigning'])
    assert.deepEqual(it.tell(failed), ['fault', 'answerCommand'])
    assert.deepEqual([it.state(), current(it)?.url], ['probation', urls.a])

    command(it, 'k2', urls.b)
    it.fire()
    it.tell({ ...failed, write: 3 })
    journaled(it, 2)
    assert.deepEqual([it.state(), current(it)?.url], ['probation', urls.b])
  })

  test('endpoint-manager E7: what the journal answers to a former write says nothing of this one.', () => {
    const it = started()
    command(it, 'k1', urls.b)
    assert.deepEqual(it.fire(), ['fault', 'journalAssignment'])
    journaled(it, 1)
    assert.deepEqual(it.tell({ type: 'assignment.journaled', write: 1, epoch: epoch(2) }), [])
    assert.deepEqual([it.state(), current(it)?.url], ['assigning', urls.a])
    journaled(it, 3)
    assert.deepEqual([current(it)?.url, current(it)?.epoch], [urls.b, 3])
  })

  test('endpoint-manager E8: with a journal that fails it stays where it was, or tries again.', () => {
    const it = started()
    const fail = () =>
      it.tell({ type: 'journal.failed', write: it.context().writes, detail: 'disk' })
    assert.deepEqual(fail(), ['fault'])
    assert.equal(it.state(), 'unassigned')
    assert.deepEqual(it.fire(), ['journalAssignment'])
    journaled(it, 1)
    report(it, true)
    redirect(it, urls.b)
    fail()
    assert.deepEqual([it.state(), current(it)?.url], ['active', urls.a])
  })

  test('endpoint-manager E9: whoever asks is told, and so is whoever is behind.', () => {
    const it = assigned()
    moved(it, urls.b)
    it.tell({ type: 'endpoint.requested', dispatcher: 'edge' })
    assert.equal(assignment(it)[0]?.epoch, 2)
    redirect(it, urls.c, 1)
    assert.equal(assignment(it)[0]?.epoch, 2)
    assert.equal(it.state(), 'probation')
  })
})

describe('An endpoint manager is commanded', () => {
  test('endpoint-manager E2: commands in quick succession are all answered, and the last one is in force.', () => {
    const it = assigned()
    for (const [id, url] of [
      ['k1', urls.b],
      ['k2', urls.c],
      ['k3', urls.a],
    ] as const)
      command(it, id, url)
    const given = [2, 3, 4].flatMap((number) => {
      journaled(it, number)
      return answers(it).map(({ commandId, result }) => [commandId, result.kind])
    })
    assert.deepEqual(given, [
      ['k1', 'assigned'],
      ['k2', 'assigned'],
      ['k3', 'assigned'],
    ])
    assert.deepEqual([current(it)?.url, current(it)?.epoch], [urls.a, 4])
  })

  test('endpoint-manager E2: a command that can not be kept, or is not allowed, is answered with why.', () => {
    const it = assigned()
    command(it, 'k1', 'https://elsewhere.net')
    assert.equal(answers(it)[0]?.result.kind, 'refused')
    command(it, 'k2', 'http://b.example.com')
    assert.match(JSON.stringify(answers(it)), /in the clear/)
    command(it, 'k3', urls.b)
    command(it, 'k4', urls.c)
    it.tell({ type: 'journal.failed', write: it.context().writes, detail: 'disk' })
    assert.match(JSON.stringify(answers(it)), /k3.*failed/)
    journaled(it, 2)
    assert.match(JSON.stringify(answers(it)), /k4.*assigned/)
  })

  test('endpoint-manager E10: no more commands wait than may, and those are told that it is busy.', () => {
    const it = assigned()
    for (const id of ['k1', 'k2', 'k3', 'k4']) command(it, id, urls.b)
    const [refused] = answers(it)
    assert.equal(refused?.commandId, 'k4')
    assert.match(JSON.stringify(refused), /busy/)
    for (let number = 2; number < 30; number++) {
      if (it.state() !== 'assigning') command(it, `k${number + 5}`, urls.c)
      journaled(it, number)
    }
    assert.equal(it.context().history.length, endpointManagerInput.historyMax)
  })
})

describe('An endpoint manager is told of redirects', () => {
  test('endpoint-manager E4: 307s of many sends at once are one assignment.', () => {
    const it = proven()
    assert.deepEqual(redirect(it, urls.b), ['journalAssignment'])
    for (const location of [urls.b, urls.c, urls.a]) assert.deepEqual(redirect(it, location), [])
    journaled(it, 2)
    assert.deepEqual([current(it)?.url, current(it)?.by], [urls.b, 'redirect'])
    assert.deepEqual(redirect(it, urls.c, 1), ['endpoint.assigned'])
    assert.equal(it.state(), 'probation')
  })

  test('endpoint-manager E3: a target that is not allowed is refused, and its sender is told why.', () => {
    const refusals: readonly (readonly [string | null, RegExp])[] = [
      [null, /no Location/],
      ['/elsewhere', /not a URL/],
      ['ftp://b.example.com', /neither http nor https/],
      ['http://b.example.com', /in the clear/],
      ['https://user:secret@b.example.com', /credentials/],
      ['https://example.com.evil.net', /endpoint\.redirects\.allow/],
      ['https://evilexample.com', /endpoint\.redirects\.allow/],
      [`${urls.a}/`, /circle/],
    ]
    for (const [location, expected] of refusals) {
      const it = proven()
      assert.deepEqual(redirect(it, location), ['redirect.refused', 'announce'])
      assert.match(why(it) ?? '', expected)
      assert.equal(it.state(), 'active')
    }
  })

  test('endpoint-manager E3: a pattern may name a port, that of the scheme included.', () => {
    for (const [pattern, isFollowed] of [
      ['eu.example.net', true],
      ['eu.example.net:443', true],
      ['eu.example.net:8443', false],
      ['EU.example.net', true],
    ] as const) {
      const it = proven({ allow: [pattern] })
      redirect(it, 'https://eu.example.net')
      assert.equal(it.state() === 'assigning', isFollowed, pattern)
    }
  })

  test('endpoint-manager E3: a loop and a chain without end are refused, until one endpoint takes something.', () => {
    const it = proven({ allow: ['*.example.com'] })
    redirect(it, urls.b)
    journaled(it, 2)
    redirect(it, urls.c)
    journaled(it, 3)
    redirect(it, urls.a)
    assert.match(why(it) ?? '', /circle/)
    redirect(it, 'https://d.example.com')
    journaled(it, 4)
    redirect(it, 'https://e.example.com')
    assert.match(why(it) ?? '', /hop 4 in a row/)
    report(it, true)
    assert.deepEqual(redirect(it, urls.a), ['journalAssignment'])
  })

  test('endpoint-manager E3: hops are forgotten after a time.', () => {
    const it = proven()
    redirect(it, urls.b)
    journaled(it, 2)
    it.wait(endpointManagerInput.hopTtlMs)
    assert.deepEqual(redirect(it, urls.a), ['journalAssignment'])
  })

  test('endpoint-manager E3: hops of a former life are forgotten where the clock was set back between.', () => {
    const it = proven()
    redirect(it, urls.b)
    journaled(it, 2)
    it.wait(-24 * 3_600_000)
    assert.deepEqual(redirect(it, urls.a), ['journalAssignment'])
  })

  test('endpoint-manager E6: a pinned endpoint is left for no redirect and no failure, but for a command.', () => {
    const it = proven()
    moved(it, urls.b)
    it.tell({ type: 'endpoint.pinned', reason: 'stay' })
    for (let i = 0; i < 5; i++) report(it, false)
    redirect(it, urls.c)
    assert.match(why(it) ?? '', /pinned/)
    moved(it, urls.c)
    assert.deepEqual([it.state(), current(it)?.url], ['pinned', urls.c])
    it.tell({ type: 'endpoint.unpinned', reason: 'go' })
    assert.equal(it.state(), 'probation')
  })
})

describe('An endpoint manager rolls back', () => {
  const failing = (it: It) => {
    for (let i = 0; i < endpointManagerInput.probationFailuresMax; i++) report(it, false)
  }

  test('endpoint-manager E5: a new endpoint that only fails is given up for the one before, and it says so.', () => {
    const it = proven()
    moved(it, urls.b)
    report(it, false, 1)
    report(it, false)
    report(it, false)
    assert.equal(it.state(), 'probation')
    report(it, false)
    assert.deepEqual([it.state(), announced(it)?.kind], ['assigning', 'rolledBack'])
    journaled(it, 3)
    assert.deepEqual(
      [current(it)?.url, current(it)?.by, current(it)?.epoch],
      [urls.a, 'rollback', 3],
    )
  })

  test('endpoint-manager E5: one that has taken something is not given up, nor one with none good before it.', () => {
    const it = proven()
    moved(it, urls.b)
    report(it, true)
    failing(it)
    assert.deepEqual([it.state(), current(it)?.url], ['active', urls.b])
    const other = assigned()
    failing(other)
    assert.equal(other.state(), 'probation')
  })

  test('endpoint-manager E5: it does not go to and fro, whoever fails and whoever redirects.', () => {
    const it = proven()
    redirect(it, urls.b)
    journaled(it, 2)
    failing(it)
    journaled(it, 3)
    failing(it)
    assert.deepEqual([it.state(), current(it)?.url], ['probation', urls.a])
    report(it, true)
    redirect(it, urls.b)
    assert.match(why(it) ?? '', /only failed/)
    it.wait(endpointManagerInput.hopTtlMs)
    assert.deepEqual(redirect(it, urls.b), ['journalAssignment'])
  })

  test('endpoint-manager E5: what a command says is done, even to an endpoint that was given up.', () => {
    const it = proven()
    moved(it, urls.b)
    failing(it)
    journaled(it, 3)
    report(it, true)
    moved(it, urls.b)
    assert.equal(current(it)?.url, urls.b)
  })
})
