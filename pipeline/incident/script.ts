/**
 * What happens when, as shares of the whole, so that a short replay has the same shape as a long one.
 * Two changes of the endpoint, one at a time, come first: the naive agent masters them.
 */
export const script = {
  calmRedirects: [
    { at: 0.1, to: 'B' },
    { at: 0.18, to: 'A' },
  ],
  /** From here on A holds its answers back, and then redirects to B. */
  stormBegins: 0.28,
  /** How long A holds an answer back in the storm. */
  stormAnswer: 0.05,
  /** In quick succession, once sends are in flight to A. The last one counts. */
  stormRedirects: ['B', 'A', 'B', 'A', 'B'],
  stormGap: 0.008,
  /** From here on A answers as before; but not to the pipeline whose endpoint stays away. */
  stormEnds: 0.4,
  /** A person restarts the naive agent; the endpoint that was away is back. */
  restart: 0.82,
} as const

/** A payload comes so often. */
export const tickMs = 50
/** How much of all that comes the caches hold. */
export const cacheShare = 0.2
/** What the endpoints take to answer while all is well. */
export const answerMs = { A: 30, B: 15 } as const

export const secondsDefault = 13
export const secondsMin = 5
export const secondsMax = 22
