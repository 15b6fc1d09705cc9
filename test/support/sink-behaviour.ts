/** What a sink does with one request. */
export type Answer =
  /** 200. `after` holds the answer back; so does a delay. */
  | { readonly kind: 'accept'; readonly delayMs?: number; readonly after?: Promise<unknown> }
  /** 200, with so many records not taken. */
  | { readonly kind: 'partial'; readonly rejected: number; readonly message: string }
  | {
      readonly kind: 'status'
      readonly status: number
      /** Holds the answer back. */
      readonly after?: Promise<unknown>
      readonly headers?: Readonly<Record<string, string>>
      readonly body?: string
    }
  /** 413 for a body above so many bytes, as sent; 200 otherwise. */
  | { readonly kind: 'acceptUpTo'; readonly bytesMax: number }
  /** `self`: to the sink itself. `null`: without a Location. */
  | {
      readonly kind: 'redirect'
      readonly status: 307 | 308
      readonly location: string | null
    }
  /** Reads, and never answers. */
  | { readonly kind: 'hang' }
  /** Resets the connection at the first bytes of the body. */
  | { readonly kind: 'reset' }
  /** Takes the records, then resets the connection instead of answering: the sender cannot know. */
  | { readonly kind: 'takeThenReset' }
  /** 200, and a reset right behind it. */
  | { readonly kind: 'acceptThenReset' }

/** By the number of the request, from 0. */
export type Behaviour = (request: number) => Answer

export const accept: Behaviour = () => ({ kind: 'accept' })

const plain = (status: number, headers: Readonly<Record<string, string>> = {}): Behaviour => {
  return () => ({ kind: 'status', status, headers })
}

const named: Readonly<Record<string, (argument: string) => Behaviour>> = {
  accept: () => accept,
  slow: (ms) => () => ({ kind: 'accept', delayMs: Number(ms || 100) }),
  throttle: (seconds) => plain(429, { 'retry-after': seconds || '1' }),
  unavailable: (seconds) => plain(503, seconds === '' ? {} : { 'retry-after': seconds }),
  status: (status) => plain(Number(status || 500)),
  reject: () => plain(400),
  // Every nth request is answered 503, the first one too.
  flaky: (nth) => (request) =>
    request % Number(nth || 3) === 0 ? { kind: 'status', status: 503 } : { kind: 'accept' },
  partial: (rejected) => () => ({
    kind: 'partial',
    rejected: Number(rejected || 1),
    message: 'not all of them',
  }),
  'accept-up-to': (bytes) => () => ({ kind: 'acceptUpTo', bytesMax: Number(bytes || 65_536) }),
  redirect: (location) => () => ({ kind: 'redirect', status: 307, location: location || null }),
  'redirect-permanently': (location) => () => ({
    kind: 'redirect',
    status: 308,
    location: location || null,
  }),
  'redirect-self': () => () => ({ kind: 'redirect', status: 307, location: 'self' }),
  hang: () => () => ({ kind: 'hang' }),
  reset: () => () => ({ kind: 'reset' }),
  'take-then-reset': () => () => ({ kind: 'takeThenReset' }),
  'accept-then-reset': () => () => ({ kind: 'acceptThenReset' }),
}

export const behaviourNames = Object.keys(named)

/** `name` or `name:argument`, such as `throttle:2` or `redirect:http://127.0.0.1:4320`. */
export const behaviourNamed = (text: string): Behaviour | undefined => {
  const [name = '', ...argument] = text.split(':')
  return Object.hasOwn(named, name) ? named[name]?.(argument.join(':')) : undefined
}
