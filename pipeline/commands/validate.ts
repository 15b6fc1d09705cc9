import { faultText, pathText } from '../config/fault.ts'
import { type Command, configDefault, configOption, isSet, jsonOption, textOf } from './command.ts'

export const validate: Command = {
  name: 'validate',
  summary: 'check a configuration: status 0, or 2 with each fault on a line',
  operands: [],
  options: { config: configOption, json: jsonOption },
  examples: ['holdfast validate', 'holdfast validate --config /etc/holdfast/holdfast.yaml'],
  run: async (input) => {
    // Loaded only here: most commands have no use for what reads a configuration.
    const { loadConfig } = await import('../config/config.ts')
    const file = textOf(input, 'config') ?? configDefault
    const loaded = await loadConfig(file, input.environment)
    const faults = loaded.kind === 'faulty' ? loaded.faults : []
    const notes = loaded.kind === 'valid' ? loaded.notes : []
    if (isSet(input, 'json')) {
      const shown = faults.map(({ path, ...fault }) => ({ path: pathText(path), ...fault }))
      input.print(`${JSON.stringify({ file, valid: faults.length === 0, faults: shown, notes })}\n`)
    } else if (faults.length === 0) {
      for (const note of notes) input.warn(`Note: ${note}\n`)
      input.print(`${file} is valid.\n`)
    } else for (const fault of faults) input.warn(`${faultText(fault, file)}\n`)
    return faults.length === 0 ? 0 : 2
  },
}
