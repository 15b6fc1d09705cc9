/** A process was told to stop before what it waits for was there: that is no failure. */
export class StoppedWhileStartingError extends Error {
  override readonly name = 'StoppedWhileStartingError'

  constructor(signal: string) {
    super(`${signal} came while it was starting.`)
  }
}
