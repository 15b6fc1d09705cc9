import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/**
 * V8 lets the space for new objects double as long as many of them survive; 134 MB were seen, more than
 * all else that a pipeline holds, for nothing that could be measured. Beyond this size it is kept
 * from growing. The flag for it has an effect only when a process starts, where an installed command
 * cannot set it; by how much the space grows is asked anew each time. See docs/performance.md.
 */
const youngBytesMax = 16 * 1024 * 1024
const lookMs = 100
/**
 * How much garbage the space for old objects may gather, of what is alive there, before it is collected.
 * Left to itself V8 lets it become three times as much, for the sake of pages that want to be fast at once.
 */
const oldGrowthPercent = 40

/** Never ends; keeps no process alive. */
export const boundHeapGrowth = (): void => {
  setFlagsFromString(`--heap-growing-percent=${oldGrowthPercent}`)
  collectOnce()
  let factor = 0
  const look = (): void => {
    const young = getHeapSpaceStatistics().find((it) => it.space_name === 'new_space')
    const next = (young?.space_size ?? 0) < youngBytesMax ? 2 : 1
    if (next === factor) return
    factor = next
    setFlagsFromString(`--semi-space-growth-factor=${factor}`)
  }
  look()
  setInterval(look, lookMs).unref()
}

/**
 * V8 reckons by what was alive at the last collection. Before the first it lets the space for old objects
 * grow to 50 MB and more, which stay resident; now, at the start, it takes some milliseconds.
 */
const collectOnce = (): void => {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  setFlagsFromString('--no-expose-gc')
}
