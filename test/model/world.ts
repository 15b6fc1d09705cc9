/** What the state of all machines at once is written as, and what can be done with one. */
import type { Batch, Held } from '../../schemas/messages.ts'
import type { Asked, Outside } from './outside.ts'
import type { Message, Player, Players, Turn } from './player.ts'
import type { inputsOf, Scene, System } from './scene.ts'
import type { Shelf } from './shelf.ts'

export const singles = ['collector', 'cache', 'dispatcher', 'endpoint-manager'] as const
export type Single = (typeof singles)[number]

/** Actors by the number of their state; −1: it has stopped. Messages by number. */
export type World = {
  readonly actors: Readonly<Record<Single, number>>
  readonly sends: Readonly<Record<string, number>>
  /** On their way, by `sender>recipient`, in order. */
  readonly channels: Readonly<Record<string, readonly number[]>>
  readonly outside: Outside
}

export type Cell = `${string} ${string} ${string}`

/** What the ports of the machines may do with a world. None of it changes the one that it is given. */
export type Acting = {
  readonly scene: Scene
  readonly system: System
  readonly inputs: ReturnType<typeof inputsOf>
  readonly players: Readonly<Record<keyof System['machines'], Players>>
  readonly messages: Shelf<Message>
  readonly helds: Shelf<Held>
  readonly batches: Shelf<Batch>
  readonly asked: Shelf<Asked>
  readonly playerOf: (world: World, who: Single) => Player | undefined
  readonly contextOf: (world: World, who: Single) => Readonly<Record<string, unknown>> | undefined
  /** Hands a message over. What a stopped actor is told, nobody hears. */
  readonly told: (world: World, who: string, message: Message) => World
  readonly sent: (world: World, channel: string, message: Message) => World
  readonly startedSend: (world: World, input: { readonly sendId: string }) => World
}

export type Theatre = Acting & {
  /** `lateMs` after its deadline. */
  readonly fired: (world: World, who: string, lateMs?: number) => World
  /** Brings all actors to life, the endpoint manager by the turn that is given. */
  readonly begun: (outside: Outside, manager: Turn) => World
  readonly first: () => World
}
