import { type Config, parseConfig } from './config/config.ts'
import { type Fault, faultText } from './config/fault.ts'

/** Settings that are not what they should be. `faults` has each with its path and what is allowed. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly faults: readonly Fault[]

  constructor(faults: readonly Fault[]) {
    super(faults.map((fault) => faultText(fault, 'settings')).join('\n'))
    this.faults = faults
  }
}

/**
 * A pipeline as `startPipeline` takes it, from settings that are written as in the configuration file
 * (`cache: { capacity: '1GiB' }`). Relative paths start at `folder`, by default the working directory;
 * `${NAME}` is taken from `environment`, by default from nothing.
 * @throws {ConfigError} naming every fault
 */
export const definePipeline = (
  settings: Readonly<Record<string, unknown>>,
  given: {
    readonly folder?: string
    readonly environment?: Readonly<Record<string, string | undefined>>
  } = {},
): Config => {
  const { folder = '.', environment = {} } = given
  // JSON is YAML: one reader, one set of rules.
  const parsed = parseConfig(JSON.stringify(settings), { folder, environment })
  if (parsed.kind === 'faulty') throw new ConfigError(parsed.faults)
  return parsed.config
}
