import type { Config } from '../config/config.ts'
import { configDefault, type Input, textOf } from './command.ts'

/** The configuration that a command was given, if it is right. */
export type Configured = {
  readonly file: string
  readonly config: Config
  /** What is allowed, and may not be what was meant. */
  readonly notes: readonly string[]
}

/** `undefined`, and each fault on a line of stderr, when it is not right: exit status 2. */
export const configured = async (input: Input): Promise<Configured | undefined> => {
  // Loaded only here: most commands have no use for what reads a configuration.
  const [{ loadConfig }, { faultText }] = await Promise.all([
    import('../config/config.ts'),
    import('../config/fault.ts'),
  ])
  const file = textOf(input, 'config') ?? configDefault
  const loaded = await loadConfig(file, input.environment)
  if (loaded.kind === 'valid') return { ...loaded, file }
  for (const fault of loaded.faults) input.warn(`${faultText(fault, file)}\n`)
  return undefined
}
