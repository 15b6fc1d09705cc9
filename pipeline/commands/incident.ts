import type { Accounts } from '../incident/account.ts'
import type { Scene } from '../incident/scene.ts'
import { secondsDefault, secondsMax, secondsMin } from '../incident/script.ts'
import { type Command, type Input, isSet, jsonOption, textOf, UsageError } from './command.ts'
import { interruptible } from './interruptible.ts'

const redrawMs = 150
/** On a narrower terminal lines would wrap, and could not be wiped out. */
const columnsMin = 80

export const incident: Command = {
  name: 'incident',
  summary: 'replay the incident of 2024: a naive agent beside this one, and the account of both',
  operands: [],
  options: {
    seconds: {
      value: 'N',
      help: `how long records come, ${secondsMin} to ${secondsMax}; ${secondsDefault} unless told`,
    },
    json: jsonOption,
  },
  examples: ['holdfast incident', 'holdfast incident --seconds 5 --json | jq .naive'],
  run: async (input) => {
    const seconds = secondsOf(input)
    // Loaded only here: it brings a whole pipeline, and an agent that nothing else may touch.
    const { replayIncident } = await import('../incident/replay.ts')
    const { accountsOf, faultsOf } = await import('../incident/account.ts')
    const interruption = interruptible()
    const live = await liveView(input)
    const startedAtMs = performance.now()
    try {
      const accounts = await replayIncident({
        seconds,
        signal: interruption.signal,
        watch: live.watch,
        judge: accountsOf,
      })
      const tookMs = performance.now() - startedAtMs
      live.end()
      input.print(isSet(input, 'json') ? await jsonText(accounts, tookMs) : await text(accounts))
      return faultsOf(accounts).length === 0 ? 0 : 1
    } catch (error) {
      live.end()
      if (!interruption.signal.aborted) throw error
      input.warn('Interrupted; nothing was left behind.\n')
      return 1
    } finally {
      interruption.release()
    }
  },
}

const secondsOf = (input: Input): number => {
  const given = textOf(input, 'seconds') ?? String(secondsDefault)
  const seconds = /^\d{1,3}(\.\d)?$/.test(given) ? Number(given) : Number.NaN
  if (seconds >= secondsMin && seconds <= secondsMax) return seconds
  throw new UsageError(`--seconds is "${given}"; allowed: ${secondsMin} to ${secondsMax}.`)
}

const text = async (accounts: Accounts): Promise<string> => {
  const { accountPicture } = await import('../incident/account-picture.ts')
  return accountPicture(accounts)
}

const jsonText = async (accounts: Accounts, tookMs: number): Promise<string> => {
  const { accountDocument } = await import('../incident/account-document.ts')
  return `${JSON.stringify(accountDocument(accounts, tookMs))}\n`
}

/** The timeline while it grows, on a terminal; it is wiped out for the account. */
const liveView = async (input: Input) => {
  const isWide = process.stderr.isTTY && process.stderr.columns >= columnsMin
  if (!isWide) return { watch: () => undefined, end: () => undefined }
  const { timelinePicture } = await import('../incident/timeline-picture.ts')
  const title = 'The incident of 2024, as it goes on:\n\n'
  let timer: NodeJS.Timeout | undefined
  let lines = 0
  const wipe = (): string => (lines === 0 ? '' : `\u001b[${lines}A\u001b[0J`)
  return {
    watch: (scene: () => Scene) => {
      const draw = (): void => {
        const picture = `${title}${timelinePicture(scene())}`
        input.warn(`${wipe()}${picture}`)
        lines = picture.split('\n').length - 1
      }
      draw()
      timer = setInterval(draw, redrawMs)
    },
    end: () => {
      clearInterval(timer)
      input.warn(wipe())
      lines = 0
    },
  }
}
