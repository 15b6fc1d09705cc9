import type { Priority } from '../../schemas/messages.ts'
import { isMatch } from './star-pattern.ts'

/** Streams whose records are of a class; null matches every one. `*` stands for any text. */
export type PriorityRule = {
  readonly service: string | null
  readonly tenant: string | null
  readonly class: Priority
}

/** The class of a stream: that of the first rule that matches, otherwise `normal`. */
export const priorityBy =
  (rules: readonly PriorityRule[]) =>
  (tenant: string, service: string): Priority =>
    rules.find(
      (rule) =>
        (rule.tenant === null || isMatch(rule.tenant, tenant)) &&
        (rule.service === null || isMatch(rule.service, service)),
    )?.class ?? 'normal'
