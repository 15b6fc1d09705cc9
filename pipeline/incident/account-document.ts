import { type Accounts, faultsOf, type HoldfastAccount } from './account.ts'
import { cellsOf, marksOf } from './scene.ts'
import { timelineCells } from './timeline-picture.ts'

/** What `--json` prints. Instants are milliseconds since the start, but in `drops`, as in the API. */
export const accountDocument = (accounts: Accounts, tookMs: number) => {
  const { scene, cacheBytes, redirects, answeredRedirects, naive, holdfast, away } = accounts
  const faults = faultsOf(accounts)
  return {
    seconds: Math.round(tookMs / 100) / 10,
    shown: faults.length === 0,
    faults,
    cacheBytes,
    redirects,
    answeredRedirects: {
      naive: answeredRedirects.naive,
      holdfast: answeredRedirects.holdfast,
      endpointAway: answeredRedirects.away,
    },
    naive,
    holdfast: withInstants(holdfast),
    endpointAway: withInstants(away),
    timeline: timeline(accounts),
    redirectsAtMs: scene.redirectsAtMs.map((atMs) => atMs - scene.startedAtMs),
  }
}

const withInstants = ({ drops, ...account }: HoldfastAccount) => ({
  ...account,
  drops: drops.map(({ atMs, fromMs, toMs, ...drop }) => ({
    ...drop,
    at: new Date(atMs).toISOString(),
    from: fromMs === 0 ? null : new Date(fromMs).toISOString(),
    to: toMs === 0 ? null : new Date(toMs).toISOString(),
  })),
})

const timeline = ({ scene }: Accounts) => {
  const cellMs = scene.durationMs / timelineCells
  const [naive, holdfast, away] = [
    cellsOf(scene, 'naive', timelineCells),
    cellsOf(scene, 'holdfast', timelineCells),
    cellsOf(scene, 'away', timelineCells),
  ]
  const redirects = marksOf(scene, scene.redirectsAtMs, timelineCells)
  const restarts = marksOf(
    scene,
    scene.restartAtMs === null ? [] : [scene.restartAtMs],
    timelineCells,
  )
  return redirects.map((count, index) => ({
    fromMs: Math.round(index * cellMs),
    redirects: count,
    restarts: restarts[index] ?? 0,
    naive: naive[index],
    holdfast: holdfast[index],
    endpointAway: away[index],
  }))
}
