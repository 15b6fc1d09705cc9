/** When what goes wrong: one fault after the other, at random moments. */
import type { Chance } from '../support/chance.ts'
import type { FaultyDisk } from '../support/faulty-disk.ts'
import { hosts, urlOf } from './answers.ts'
import type { Epochs } from './epochs.ts'
import type { Network } from './network.ts'
import type { SlowDisk } from './slow-disk.ts'
import type { Story } from './story.ts'
import type { Supervisor } from './supervisor.ts'
import { second, type Timeline } from './timeline.ts'

export type Weather = { readonly calm: () => void }

type Given = {
  readonly timeline: Timeline
  readonly chance: Chance
  readonly story: Story
  readonly disk: FaultyDisk
  readonly slowDisk: SlowDisk
  readonly network: Network
  readonly supervisor: Supervisor
  readonly epochs: Epochs
  readonly durability: 'fsync' | 'os'
  readonly pauseUsMax: number
}

/** Changing operations of the disk within which the power goes. */
const stopOperationsMax = 60
/** Room that a full disk has left. */
const roomBytesMax = 6_000

export const openWeather = (given: Given): Weather => {
  const { timeline, chance } = given
  // Half of the faults, chosen by the seed: they come more often then, and in more combinations.
  const faults = faultsOf(given).filter(() => chance.oneIn(2))
  let state: 'chaos' | 'calm' = 'chaos'
  const next = (): void => {
    timeline.after(chance.below(given.pauseUsMax), () => {
      if (state === 'calm') return
      faults[chance.below(faults.length)]?.()
      next()
    })
  }
  next()
  return {
    calm: () => {
      state = 'calm'
      given.disk.setCapacity(Number.POSITIVE_INFINITY)
      given.disk.stopAt(Number.POSITIVE_INFINITY)
      given.slowDisk.failOneIn(0)
      given.slowDisk.stall(0)
      given.network.calm()
    },
  }
}

const faultsOf = (given: Given): readonly (() => void)[] => {
  const { network } = given
  const deaths = deathsOf(given)
  return [
    network.turn,
    network.turn,
    network.turn,
    network.turn,
    ...deaths,
    ...diskFaultsOf(given),
    ...commandsOf(given),
  ]
}

const deathsOf = ({ chance, disk, supervisor, durability }: Given): readonly (() => void)[] => {
  // What was promised with `durability: os` survives the process and not the machine.
  const deadly = durability === 'fsync' ? 'powerCut' : 'kill'
  return [
    () => supervisor.die(deadly, 'at any moment'),
    () => supervisor.die('kill', 'at any moment'),
    supervisor.restart,
    () => {
      if (durability === 'fsync') disk.stopAt(1 + chance.below(stopOperationsMax))
    },
  ]
}

const diskFaultsOf = (given: Given): readonly (() => void)[] => {
  const { timeline, chance, story, disk, slowDisk } = given
  const flipped = new Set<string>()
  return [
    () => {
      const forUs = chance.below(chance.oneIn(3) ? 45 * second : 4 * second)
      story.count('stall', `${forUs}`)
      slowDisk.stall(forUs)
    },
    () => {
      slowDisk.failOneIn(4 + chance.below(12))
      timeline.after(chance.below(2 * second), () => slowDisk.failOneIn(0))
    },
    () => {
      story.count('diskFull')
      const used = disk.paths().reduce((sum, path) => sum + disk.contents(path).length, 0)
      disk.setCapacity(used + chance.below(roomBytesMax))
      timeline.after(chance.below(20 * second), () => disk.setCapacity(Number.POSITIVE_INFINITY))
    },
    () => flipBit(given, flipped),
  ]
}

/** One a file: two of them can take away more than what they hit. */
const flipBit = ({ chance, story, disk }: Given, flipped: Set<string>): void => {
  const files = disk
    .paths()
    .filter((path) => path.includes('/ring/segment-') && !flipped.has(path))
    .map((path) => ({ path, bytes: disk.contents(path).length }))
    .filter(({ bytes }) => bytes > 0)
  const file = files[chance.below(files.length)]
  if (file === undefined) return
  flipped.add(file.path)
  const place = { path: file.path, offset: chance.below(file.bytes), bit: chance.below(8) }
  story.count('bitFlip', `${place.path} ${place.offset}`)
  disk.flipBit(place)
}

const commandsOf = ({ chance, story, supervisor, epochs }: Given): readonly (() => void)[] => [
  () => {
    const url = urlOf(hosts[chance.below(hosts.length)] ?? hosts[0])
    const running = supervisor.running()
    if (running === undefined) return
    story.count('command', url)
    const assigned = epochs.commanded(running)
    running.observed.command({ kind: 'set', url, reason: 'because' }).then(
      (result) => {
        story.note(`command ${JSON.stringify(result)}`)
        if (result.kind === 'assigned') assigned(result.assignment)
      },
      (cause) => story.wrong(`a command was rejected: ${cause}`),
    )
  },
  () => {
    const kind = chance.oneIn(3) ? 'pin' : 'unpin'
    story.count('pin', kind)
    supervisor
      .running()
      ?.observed.command({ kind, reason: 'because' })
      .then(
        (result) => story.note(`command ${kind} ${result.kind}`),
        (cause) => story.wrong(`a command was rejected: ${cause}`),
      )
  },
  () => {
    const kind = chance.oneIn(3) ? 'suspend' : 'resume'
    story.count('suspend', kind)
    supervisor.running()?.observed.dispatch({ kind, reason: 'because' })
  },
]
