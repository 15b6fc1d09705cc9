/** Pages in the Prometheus text format as one: each series with the worker that it is of. */
export const mergedMetrics = (
  pages: readonly { readonly worker: number; readonly text: string }[],
): string => {
  const families = new Map<string, { readonly head: string[]; readonly samples: string[] }>()
  for (const { worker, text } of pages) {
    let family: { readonly head: string[]; readonly samples: string[] } | undefined
    for (const line of text.split('\n')) {
      const [, name] = /^# HELP (\S+)/.exec(line) ?? []
      if (name !== undefined) {
        family = families.get(name) ?? { head: [], samples: [] }
        families.set(name, family)
      }
      if (family === undefined || line === '') continue
      if (!line.startsWith('#')) family.samples.push(labelled(line, worker))
      else if (family.samples.length === 0 && family.head.length < 2) family.head.push(line)
    }
  }
  return [...families.values()]
    .flatMap(({ head, samples }) => [...head, ...samples])
    .map((line) => `${line}\n`)
    .join('')
}

/** The name of a metric has no brace and no space, whatever its labels hold. */
const labelled = (line: string, worker: number): string =>
  line.replace(/^([^{ ]+)(\{?)/, (_, name: string, brace: string) =>
    brace === '' ? `${name}{worker="${worker}"}` : `${name}{worker="${worker}",`,
  )
