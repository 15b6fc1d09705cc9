/**
 * Tickets for whoever can send no header: a browser, or a tool that takes nothing but a URL. A ticket is good
 * once and for a short time, so that it may stand where URLs are kept: in a history, in a log.
 */
import { randomBytes } from 'node:crypto'

export type Tickets = {
  readonly issue: () => { readonly ticket: string; readonly seconds: number }
  /** Whether it is good. It is not, from now on. */
  readonly redeem: (ticket: string) => boolean
}

export const ticketMsMax = 60_000
const ticketsMax = 64
const ticketBytes = 24

export const openTickets = (nowMs: () => number): Tickets => {
  const issued = new Map<string, number>()
  return {
    issue: () => {
      const [oldest] = issued.keys()
      if (oldest !== undefined && issued.size >= ticketsMax) issued.delete(oldest)
      const ticket = randomBytes(ticketBytes).toString('base64url')
      issued.set(ticket, nowMs() + ticketMsMax)
      return { ticket, seconds: ticketMsMax / 1_000 }
    },
    redeem: (ticket) => {
      const untilMs = issued.get(ticket)
      issued.delete(ticket)
      return untilMs !== undefined && nowMs() < untilMs
    },
  }
}
