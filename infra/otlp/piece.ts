import { putUint32, varintBytes } from './writer.ts'

/** What stands around inner fields in a message: its other fields, as flat [start, end, …]. */
export type Around = {
  readonly bytes: Buffer
  readonly ranges: readonly number[]
  readonly aroundBytes: number
}
export type Range = { readonly start: number; readonly end: number }
/** Where a record stands. One object per ResourceLogs and ScopeLogs, compared by identity. */
export type Place = { readonly resource: Around; readonly scope: Around }

/** A payload being put together from records of others. */
export type Piece = {
  readonly resources: OpenResource[]
  records: number
  /** It will not be larger than this. */
  bytesMost: number
  place: Place | undefined
}
type OpenResource = { readonly around: Around; readonly scopes: OpenScope[] }
type OpenScope = { readonly around: Around; readonly ranges: number[]; recordBytes: number }

export const openPiece = (): Piece => ({
  resources: [],
  records: 0,
  bytesMost: 0,
  place: undefined,
})

/** Tag and length of a ResourceLogs or ScopeLogs field, at most. */
const headBytesMax = 6
/** ResourceLogs, ScopeLogs: field 1 of the request, field 2 of the ResourceLogs; wire type 2. */
const resourceLogsTag = 0x0a
const scopeLogsTag = 0x12

/** What stands around a record, with the heads of the fields that hold it. */
export const surroundingBytes = ({ resource, scope }: Place): number =>
  resource.aroundBytes + scope.aroundBytes + 2 * headBytesMax

/** By how many bytes a piece grows at most when a record is put into it. */
export const growthBytes = (piece: Piece, place: Place, recordBytes: number): number => {
  if (piece.place === place) return recordBytes
  if (piece.place?.resource === place.resource)
    return recordBytes + place.scope.aroundBytes + headBytesMax
  return recordBytes + surroundingBytes(place)
}

export const putRecord = (piece: Piece, place: Place, { start, end }: Range): void => {
  piece.bytesMost += growthBytes(piece, place, end - start)
  piece.records += 1
  if (piece.place?.resource !== place.resource)
    piece.resources.push({ around: place.resource, scopes: [] })
  const scopes = piece.resources.at(-1)?.scopes ?? []
  if (piece.place !== place) scopes.push({ around: place.scope, ranges: [], recordBytes: 0 })
  piece.place = place
  const scope = scopes.at(-1)
  if (scope === undefined) return
  scope.recordBytes += end - start
  if (scope.ranges.at(-1) === start) scope.ranges[scope.ranges.length - 1] = end
  else scope.ranges.push(start, end)
}

const fieldBytes = (contentBytes: number): number => 1 + varintBytes(contentBytes) + contentBytes
const scopeContentBytes = ({ around, recordBytes }: OpenScope): number =>
  around.aroundBytes + recordBytes
const resourceContentBytes = ({ around, scopes }: OpenResource): number =>
  scopes.reduce((sum, scope) => sum + fieldBytes(scopeContentBytes(scope)), around.aroundBytes)

/** The piece as one payload of its own, so that it does not keep the whole of a large request. */
export const renderPiece = ({ resources }: Piece): Buffer => {
  const contents = resources.map(resourceContentBytes)
  const out = Buffer.allocUnsafe(contents.reduce((sum, bytes) => sum + fieldBytes(bytes), 0))
  let at = 0
  for (const [index, resource] of resources.entries()) {
    at = putHead(out, at, { tag: resourceLogsTag, contentBytes: contents[index] ?? 0 })
    at = putRanges(out, at, resource.around)
    for (const scope of resource.scopes) {
      at = putHead(out, at, { tag: scopeLogsTag, contentBytes: scopeContentBytes(scope) })
      at = putRanges(out, at, scope.around)
      at = putRanges(out, at, { bytes: scope.around.bytes, ranges: scope.ranges })
    }
  }
  return out
}

const putHead = (
  out: Buffer,
  at: number,
  { tag, contentBytes }: { readonly tag: number; readonly contentBytes: number },
): number => {
  out[at] = tag
  return putUint32(out, at + 1, contentBytes)
}

const putRanges = (
  out: Buffer,
  at: number,
  { bytes, ranges }: Pick<Around, 'bytes' | 'ranges'>,
): number => {
  let end = at
  for (let index = 0; index < ranges.length; index += 2)
    end += bytes.copy(out, end, ranges[index], ranges[index + 1])
  return end
}
