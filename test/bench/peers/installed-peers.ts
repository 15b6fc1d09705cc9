/** Peers are looked for on the PATH, and where the scripts in infra/peers put them. */
import { access, constants } from 'node:fs/promises'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import type { Subject } from '../subject.ts'
import { fluentBit, fluentBitNormal } from './fluent-bit.ts'
import { otelcol } from './otelcol.ts'
import { type Peer, subjectOf } from './peer.ts'
import { rsyslog } from './rsyslog.ts'
import { syslogNg } from './syslog-ng.ts'
import { vector } from './vector.ts'

const { PATH = '', HOLDFAST_PEERS, XDG_CACHE_HOME = join(homedir(), '.cache') } = process.env
const folders = [
  ...PATH.split(delimiter),
  HOLDFAST_PEERS ?? join(XDG_CACHE_HOME, 'holdfast-peers', 'bin'),
]

/** Where a program is; `undefined` where it is not installed. */
const found = async (program: string): Promise<string | undefined> => {
  for (const folder of folders) {
    const path = join(folder, program)
    try {
      await access(path, constants.X_OK)
      return path
    } catch (cause) {
      if (!(cause instanceof Error && 'code' in cause)) throw cause
    }
  }
  return undefined
}

export const peers: readonly Peer[] = [
  otelcol,
  fluentBit,
  fluentBitNormal,
  vector,
  rsyslog,
  syslogNg,
]
export const peerNames: readonly string[] = peers.map(({ name }) => name)

/** Those that are installed, of the names that are asked for. */
export const installedPeers = async (
  names: readonly string[],
): Promise<{
  readonly subjects: readonly Subject[]
  readonly missing: readonly Pick<Peer, 'name' | 'origin'>[]
}> => {
  const sought = peers.filter(({ name }) => names.includes(name))
  const places = await Promise.all(sought.map(({ program }) => found(program)))
  return {
    subjects: sought.flatMap((peer, index) => {
      const path = places[index]
      return path === undefined ? [] : [subjectOf(peer, path)]
    }),
    missing: sought.filter((_, index) => places[index] === undefined),
  }
}
