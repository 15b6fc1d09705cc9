/**
 * What an actor is restored from, in an envelope with a version. XState restores a snapshot that names
 * an unknown state without an error, to an actor that does nothing; so the version is checked before.
 */
export type Envelope = {
  readonly actor: string
  readonly version: number
  /** As `actorRef.getPersistedSnapshot()` gave it: plain JSON. */
  readonly snapshot: unknown
}

export class SnapshotVersionError extends Error {
  override readonly name = 'SnapshotVersionError'
  readonly actor: string
  readonly version: number

  constructor(envelope: Envelope, known: number) {
    super(
      `The stored state of the actor "${envelope.actor}" has version ${envelope.version}; this release ` +
        `reads version ${known}. Nothing was changed. Run the release that wrote it, or one that ` +
        `says it reads version ${envelope.version}.`,
    )
    this.actor = envelope.actor
    this.version = envelope.version
  }
}

/**
 * The snapshot in the envelope.
 * @throws {SnapshotVersionError} when another version wrote it.
 */
export const opened = (envelope: Envelope, known: number): unknown => {
  if (envelope.version !== known) throw new SnapshotVersionError(envelope, known)
  return envelope.snapshot
}
