import type { Messages, MessageType } from '../../schemas/messages.ts'
import type { CacheInbox } from '../cache/protocol.ts'
import type { CollectorInbox } from '../collector/protocol.ts'
import type { DeliveryInbox } from '../delivery/protocol.ts'
import type { DispatcherInbox } from '../dispatcher/protocol.ts'
import type { EndpointManagerInbox } from '../endpoint-manager/protocol.ts'
import type { Actor } from './rank.ts'

/** What each actor may be told. */
export type Inboxes = {
  readonly collector: CollectorInbox
  readonly cache: CacheInbox
  readonly dispatcher: DispatcherInbox
  readonly delivery: DeliveryInbox
  readonly 'endpoint-manager': EndpointManagerInbox
}

/** Only what has a schema travels between actors; what a port answers stays with its actor. */
type Travelling<Inbox extends { readonly type: string }> = Messages[Inbox['type'] & MessageType]

/**
 * A message to another actor. There is no ask, and no reply that a sender blocks on: what would be a
 * reply is a message of its own.
 */
export type Tell<To extends Actor = Actor> = {
  readonly [Name in To]: Name extends 'delivery'
    ? { readonly to: Name; readonly sendId: string; readonly message: Travelling<Inboxes[Name]> }
    : { readonly to: Name; readonly message: Travelling<Inboxes[Name]> }
}[To]
