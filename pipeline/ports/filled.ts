import type { Tell } from '../../actors/kit/tell.ts'
import type { Stage } from '../stage.ts'

/** What is to be done for each effect of a machine. */
export type Filled<Effects> = {
  readonly [Name in keyof Effects]: (params: Effects[Name]) => void
}

/** Hands messages from actor to actor, in memory. A delivery is addressed by the id of its send. */
export const tellOn =
  (stage: Pick<Stage, 'post'>) =>
  (tell: Tell): void =>
    stage.post(tell.to === 'delivery' ? tell.sendId : tell.to, tell.message)
