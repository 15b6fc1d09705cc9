/**
 * Numbers and strings that must not be taken for one another. A brand exists for the compiler alone:
 * it is put on at an edge (the codec, a port, the configuration) and trusted inside.
 */
declare const brand: unique symbol
export type Branded<T, Name extends string> = T & { readonly [brand]: Name }

/** Position of a record in its stream, from 0, without gaps, per producer. */
export type Seq = Branded<number, 'Seq'>
/** Number of an assignment. It only grows. */
export type Epoch = Branded<number, 'Epoch'>
/** Milliseconds since the Unix epoch, read by a port and carried in an event. */
export type InstantMs = Branded<number, 'InstantMs'>
/** `producer/tenant/service/firstSeq-lastSeq`, each part percent-encoded. */
export type BatchId = Branded<string, 'BatchId'>

export const seq = (value: number): Seq => value as Seq
export const epoch = (value: number): Epoch => value as Epoch
export const instant = (ms: number): InstantMs => ms as InstantMs

export type Coordinates = {
  readonly producer: string
  readonly tenant: string
  readonly service: string
  readonly firstSeq: Seq
  readonly lastSeq: Seq
}

/** The id of a batch is its coordinate range, so a resend has the same id, whoever sends it. */
export const batchId = ({ producer, tenant, service, firstSeq, lastSeq }: Coordinates): BatchId =>
  `${encodeURIComponent(producer)}/${encodeURIComponent(tenant)}/${encodeURIComponent(service)}/${firstSeq}-${lastSeq}` as BatchId

/** The inverse of `batchId`; `undefined` for what is no batch id. */
export const coordinatesOf = (id: string): Coordinates | undefined => {
  const [, producer, tenant, service, first, last] =
    /^([^/]+)\/([^/]+)\/([^/]*)\/(\d+)-(\d+)$/.exec(id) ?? []
  if (producer === undefined || tenant === undefined || service === undefined) return undefined
  const [firstSeq, lastSeq] = [Number(first), Number(last)]
  if (!Number.isSafeInteger(firstSeq) || !Number.isSafeInteger(lastSeq) || firstSeq > lastSeq)
    return undefined
  try {
    return {
      producer: decodeURIComponent(producer),
      tenant: decodeURIComponent(tenant),
      service: decodeURIComponent(service),
      firstSeq: seq(firstSeq),
      lastSeq: seq(lastSeq),
    }
  } catch (cause) {
    if (cause instanceof URIError) return undefined
    throw cause
  }
}
