import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import { type Accounts, faultsOf } from '../../../../pipeline/incident/account.ts'
import { accountDocument } from '../../../../pipeline/incident/account-document.ts'
import { accountPicture } from '../../../../pipeline/incident/account-picture.ts'
import { instant, seq } from '../../../../schemas/brand.ts'

const drop = (firstSeq: number, lastSeq: number) => ({
  id: `drop-${firstSeq}`,
  atMs: instant(4_000),
  tenant: 'default',
  service: 'sign-ins',
  producer: 'away-1',
  firstSeq: seq(firstSeq),
  lastSeq: seq(lastSeq),
  records: lastSeq - firstSeq + 1,
  bytes: 100,
  reason: 'cache_overwritten' as const,
  detail: '',
  fromMs: instant(3_000),
  toMs: instant(3_100),
})
const all = {
  accepted: 4_000,
  delivered: 4_000,
  duplicates: 0,
  dropped: 0,
  unreported: 0,
  pending: 0,
  redirectsObeyed: 7,
  redirectsRefused: [],
}
const held = {
  ...all,
  dropEvents: 0,
  noticedAfterMs: null,
  dropsThatArrived: 0,
  ledgerAgrees: true,
  drops: [],
}
const lane = {
  delivered: [1_000, 2_000, 3_000, 9_999].map((atMs) => ({ atMs, records: 10 })),
  lost: [],
}
const accounts: Accounts = {
  scene: {
    startedAtMs: 1_000,
    nowMs: 11_000,
    durationMs: 10_000,
    recordsPerMs: 0.32,
    redirectsAtMs: [2_000, 4_000, 4_100],
    restartAtMs: 9_000,
    lanes: {
      naive: { ...lane, lost: [{ atMs: 6_000, records: 8 }] },
      holdfast: lane,
      away: { ...lane, lost: [{ atMs: 6_000, records: 8 }] },
    },
  },
  cacheBytes: 100_000,
  redirects: 7,
  answeredRedirects: { naive: 2, holdfast: 4, away: 4 },
  naive: {
    ...all,
    delivered: 2_600,
    unreported: 1_400,
    redirectsObeyed: 2,
    overwritten: 1_400,
    stalledAtMs: 3_700,
    restartedAtMs: 8_000,
    waitingForLock: 9,
    linesLogged: 0,
  },
  holdfast: held,
  away: {
    ...held,
    delivered: 3_900,
    dropped: 100,
    dropEvents: 3,
    noticedAfterMs: 250,
    drops: [drop(1_000, 1_039), drop(1_040, 1_079), drop(1_100, 1_119)],
  },
}

describe('the picture of the incident', () => {
  it('fits 80 columns, says who lost what, and needs no colours', () => {
    const picture = stripVTControlCharacters(accountPicture(accounts))
    for (const line of picture.split('\n')) assert.ok(line.length <= 80, line)
    const flowing = picture.replaceAll(/\s+/g, ' ')
    assert.match(flowing, /deadlocked at 3\.7 s and silently lost 1,400 of 4,000 records/)
    assert.match(flowing, /Holdfast delivered all 4,000\./)
    assert.match(flowing, /lost and unreported 1,400 0 0/)
    assert.match(flowing, /told to nobody - log, drops/)
    assert.match(flowing, /records 1,000–1,079, 1,100–1,119 of default\/sign-ins/)
    assert.match(picture, / {2}naive agent +▆.*×.*R/)
    assert.match(picture, / {2}Holdfast +▆.*!/)
  })

  it('is no praise when Holdfast lost something, or when nothing was shown', () => {
    const { naive, holdfast, away } = accounts
    assert.deepEqual(faultsOf(accounts), [])
    for (const [changed, fault] of [
      [
        { holdfast: { ...holdfast, delivered: 3_999, unreported: 1 } },
        /lost 1 records and did not/,
      ],
      [{ holdfast: { ...holdfast, delivered: 3_999, dropped: 1 } }, /Holdfast dropped 1 records/],
      [{ holdfast: { ...holdfast, pending: 8 } }, /still held 8 records/],
      [
        { holdfast: { ...holdfast, redirectsObeyed: 6, redirectsRefused: ['Busy.'] } },
        /obeyed 6 of 7 redirects\. Busy\.$/m,
      ],
      [{ away: { ...away, ledgerAgrees: false } }, /The ledger of .* does not agree/],
      [{ naive: { ...naive, stalledAtMs: null } }, /did not deadlock/],
      [{ naive: { ...naive, unreported: 0 } }, /lost nothing/],
    ] as const) {
      const other = { ...accounts, ...changed }
      assert.match(faultsOf(other).join('\n'), fault)
      assert.match(stripVTControlCharacters(accountPicture(other)), /\n✗ /)
      assert.equal(accountDocument(other, 1_000).shown, false)
    }
  })
})
