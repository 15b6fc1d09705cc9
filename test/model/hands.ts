/** Who has which batch. */
import type { DeliveryContext } from '../../actors/delivery/judgement.ts'
import type { DispatcherContext } from '../../actors/dispatcher/books.ts'
import type { Held } from '../../schemas/messages.ts'
import type { Message } from './player.ts'
import type { Theatre, World } from './world.ts'

type Handing = Message & {
  readonly held?: readonly Held[]
  readonly settlements?: readonly { readonly batchId: string }[]
}

/** Batches on their way to a dispatcher, with it, with a send, or on their way back, by their ids. */
export const handsOf = (theatre: Theatre, world: World): readonly string[] => {
  const context = theatre.contextOf(world, 'dispatcher') as unknown as DispatcherContext | undefined
  const hands: string[] = (context?.pending ?? []).map(({ held }) => held.batch.id)
  for (const id of Object.values(world.sends)) {
    const { held } = theatre.players.delivery.at(id).context as unknown as DeliveryContext
    for (const { batch } of held) hands.push(batch.id)
  }
  for (const [name, ids] of Object.entries(world.channels)) {
    if (name !== 'cache>dispatcher' && !name.endsWith('>cache')) continue
    for (const id of ids) {
      const { held = [], settlements = [] } = theatre.messages.at(id) as Handing
      for (const { batch } of held) hands.push(batch.id)
      for (const { batchId } of settlements) hands.push(batchId)
    }
  }
  return hands
}
