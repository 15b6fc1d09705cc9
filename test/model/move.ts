import type { World } from './world.ts'

/**
 * message: one arrives; answer: something outside does what it was asked; timer: a deadline passes;
 * choice: something that need not happen, and that nobody may count on.
 */
export type MoveKind = 'message' | 'answer' | 'timer' | 'choice'
export type Move = {
  readonly kind: MoveKind
  readonly from: string
  readonly to: string
  readonly what: string
  readonly next: () => World
}
