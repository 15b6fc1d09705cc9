/**
 * The records of an ExportLogsServiceRequest, found by a walk of its own: what checks the product
 * must not share its code.
 *
 *     ExportLogsServiceRequest { ResourceLogs = 1 } → { ScopeLogs = 2 } → { LogRecord = 2 }
 */
const recordFields = [1, 2, 2] as const

/** Each record's bytes, as they are on the wire, in order. Views into `body`. */
export const recordsOf = (body: Buffer): readonly Buffer[] => {
  const records: Buffer[] = []
  walk({ body, from: 0, to: body.length }, 0, (from, to) => {
    records.push(body.subarray(from, to))
  })
  return records
}

export const recordCountOf = (body: Buffer): number => {
  let count = 0
  walk({ body, from: 0, to: body.length }, 0, () => {
    count += 1
  })
  return count
}

type Span = { readonly body: Buffer; readonly from: number; readonly to: number }

const walk = (span: Span, depth: number, found: (from: number, to: number) => void): void => {
  const { body } = span
  let at = span.from
  const varint = (): number => {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = body[at]
      if (byte === undefined || at >= span.to) throw new RangeError(`truncated at byte ${at}`)
      at += 1
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
    }
  }
  while (at < span.to) {
    const tag = varint()
    const wire = tag & 7
    if (wire === 0) varint()
    else if (wire === 1) at += 8
    else if (wire === 5) at += 4
    else if (wire === 2) {
      const length = varint()
      const to = at + length
      if (to > span.to) throw new RangeError(`a length of ${length} at byte ${at} is too long`)
      if (tag >>> 3 === recordFields[depth]) {
        if (depth === recordFields.length - 1) found(at, to)
        else walk({ body, from: at, to }, depth + 1, found)
      }
      at = to
    } else throw new RangeError(`wire type ${wire} at byte ${at}`)
  }
}
