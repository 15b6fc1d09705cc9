/**
 * Messages in memory: one queue for all actors of a process, in the order in which they were told.
 * XState's own mailbox has no bound and forgets what a stopped actor is told; this one refuses what
 * is too much and makes a dead letter of what comes too late.
 */

/** Who takes messages: its state machine, once at a time. */
export type Recipient<Message> = {
  readonly id: string
  readonly receive: (message: Message) => void
}

export type DeadLetter<Message> = {
  readonly to: string
  readonly message: Message
  readonly reason: 'stopped' | 'overflow' | 'unknown'
}

export type Mailboxes<Message> = {
  readonly open: (recipient: Recipient<Message>) => void
  /** What is told to this actor from now on is a dead letter; what waits for it, too. */
  readonly close: (id: string) => void
  /** Takes away what waits for this actor, for whoever comes after it: none is a dead letter. */
  readonly empty: (id: string) => readonly Message[]
  readonly post: (id: string, message: Message) => void
  /** Hands these over before anything else that waits for this actor. */
  readonly repost: (id: string, messages: readonly Message[]) => void
  /** Messages that wait, of one actor. */
  readonly depth: (id: string) => number
}

/** Actors that have stopped, remembered so that a late message to one is told from a mistake. */
const closedMax = 1_024
/** Messages handed over before input and output get their turn. */
const burstMax = 512

export const openMailboxes = <Message>({
  depthMax,
  deadLetter,
  defer,
}: {
  /** Messages that may wait for one actor. Credit keeps it far below; more is a fault of ours. */
  readonly depthMax: number
  readonly deadLetter: (letter: DeadLetter<Message>) => void
  /** Calls back soon, after input and output have had their turn: `setImmediate`. */
  readonly defer: (callback: () => void) => void
}): Mailboxes<Message> => {
  type Box = { readonly recipient: Recipient<Message>; readonly waiting: Message[] }
  const boxes = new Map<string, Box>()
  const closed = new Set<string>()
  /** Whose turn it is: one entry a message. */
  let turns: string[] = []
  let pumping: 'no' | 'scheduled' | 'running' = 'no'

  const pump = (): void => {
    pumping = 'running'
    let handed = 0
    try {
      while (turns.length > 0 && handed < burstMax) {
        const turn = turns
        turns = []
        for (const id of turn) {
          handed += 1
          const box = boxes.get(id)
          const message = box?.waiting.shift()
          if (box !== undefined && message !== undefined) box.recipient.receive(message)
        }
      }
    } finally {
      pumping = 'no'
      if (turns.length > 0) schedule(defer)
    }
  }
  const schedule = (how: (callback: () => void) => void): void => {
    if (pumping !== 'no') return
    pumping = 'scheduled'
    how(pump)
  }

  const close = (id: string): void => {
    const box = boxes.get(id)
    boxes.delete(id)
    closed.add(id)
    const [oldest] = closed
    if (oldest !== undefined && closed.size > closedMax) closed.delete(oldest)
    for (const message of box?.waiting ?? []) deadLetter({ to: id, message, reason: 'stopped' })
  }

  return {
    open: (recipient) => {
      closed.delete(recipient.id)
      boxes.set(recipient.id, { recipient, waiting: [] })
    },
    close,
    empty: (id) => boxes.get(id)?.waiting.splice(0) ?? [],
    post: (id, message) => {
      const box = boxes.get(id)
      if (box === undefined) {
        deadLetter({ to: id, message, reason: closed.has(id) ? 'stopped' : 'unknown' })
      } else if (box.waiting.length >= depthMax) {
        deadLetter({ to: id, message, reason: 'overflow' })
      } else {
        box.waiting.push(message)
        turns.push(id)
        schedule(queueMicrotask)
      }
    },
    repost: (id, messages) => {
      const box = boxes.get(id)
      if (box === undefined) return
      box.waiting.unshift(...messages)
      for (const _ of messages) turns.unshift(id)
      schedule(queueMicrotask)
    },
    depth: (id) => boxes.get(id)?.waiting.length ?? 0,
  }
}
