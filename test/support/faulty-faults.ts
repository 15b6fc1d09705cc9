/** Which operation of the faulty disk fails, and when the power goes. */
export const operations = [
  'open',
  'create',
  'write',
  'read',
  'datasync',
  'truncate',
  'close',
  'unlink',
  'rename',
  'list',
  'syncDirectory',
  'makeDirectory',
  'size',
] as const
export type Operation = (typeof operations)[number]

export type Faults = {
  /** Counts an operation, and answers the code with which it fails, if it does. */
  readonly begin: (operation: Operation) => string | undefined
  readonly failNext: (operation: Operation, code: string, times: number) => void
  readonly stopAt: (operation: number) => void
  readonly power: () => 'on' | 'off'
  /** The power is back, and nothing is planned to fail. */
  readonly clear: () => void
  readonly changes: () => number
  readonly count: (operation: Operation) => number
}

const changing: ReadonlySet<Operation> = new Set<Operation>([
  'create',
  'write',
  'datasync',
  'truncate',
  'unlink',
  'rename',
  'syncDirectory',
])

export const openFaults = (): Faults => {
  const counts = new Map<Operation, number>()
  const planned = new Map<Operation, string[]>()
  let stopIn = Number.POSITIVE_INFINITY
  let changes = 0
  let power: 'on' | 'off' = 'on'
  return {
    begin: (operation) => {
      if (power === 'off') throw errorOf('EPOWER', operation)
      counts.set(operation, (counts.get(operation) ?? 0) + 1)
      if (changing.has(operation)) {
        changes += 1
        stopIn -= 1
        if (stopIn <= 0) power = 'off'
      }
      return power === 'off' ? 'EPOWER' : planned.get(operation)?.shift()
    },
    failNext: (operation, code, times) => {
      planned.set(operation, [...(planned.get(operation) ?? []), ...Array(times).fill(code)])
    },
    stopAt: (operation) => {
      stopIn = operation
    },
    power: () => power,
    clear: () => {
      power = 'on'
      stopIn = Number.POSITIVE_INFINITY
      planned.clear()
    },
    changes: () => changes,
    count: (operation) => counts.get(operation) ?? 0,
  }
}

export const errorOf = (code: string, what: string): Error =>
  Object.assign(new Error(`${code}: ${what}`), { code })
