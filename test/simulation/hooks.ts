/** Webhooks in a bad week, and what they were told: of each loss, in one notice and no other. */
import type { Webhook, WebhookOptions } from '../../infra/notices/webhook.ts'
import type { Config } from '../../pipeline/config/config.ts'
import { isMatch } from '../../pipeline/config/star-pattern.ts'
import type { Drop } from '../../schemas/messages.ts'
import { type Chance, chanceOf } from '../support/chance.ts'
import type { CloudEvent } from '../support/webhook-receiver.ts'
import type { Life } from './life.ts'
import type { Story } from './story.ts'
import { second, type Timeline } from './timeline.ts'

export type Hooks = {
  readonly webhook: (life: Life, options: Pick<WebhookOptions, 'url' | 'timeoutMs'>) => Webhook
  readonly calm: () => void
  /** What they were told is what was dropped, per webhook and tenant, to the record. */
  readonly faults: (drops: readonly Drop[], webhooks: Config['notices']['webhooks']) => string[]
}

type LossData = {
  readonly tenant: string
  readonly records: number
  readonly drops: number
  readonly firstDrop: { readonly id: string }
  readonly lastDrop: { readonly id: string }
}
type Heard = { readonly body: string; readonly data: LossData | null }

const moods = ['well', 'slow', 'failing', 'hanging', 'deaf'] as const

export const openHooks = (given: {
  readonly seed: number
  readonly timeline: Timeline
  readonly story: Story
}): Hooks => {
  const { timeline, story } = given
  // Of its own, so that the rest of a seed is as it was.
  const chance: Chance = chanceOf(given.seed + 2)
  const heard = new Map<string, Map<string, Heard>>()
  let weather: 'chaos' | 'calm' = 'chaos'

  const hear = (url: string, { id, event }: { id: string; event: string }): void => {
    const known = heard.get(url) ?? new Map<string, Heard>()
    heard.set(url, known)
    const before = known.get(id)
    if (before !== undefined && before.body !== event)
      story.wrong(`${url} heard two things under the id ${id}`)
    const { type, data } = JSON.parse(event) as CloudEvent<LossData>
    known.set(id, { body: event, data: type === 'io.holdfast.drop' ? data : null })
  }
  return {
    webhook: (life, { url, timeoutMs }) => ({
      tell: (notice) =>
        new Promise((resolve) => {
          const mood = weather === 'calm' ? 'well' : moods[chance.below(moods.length)]
          story.note(`webhook ${url} ${mood} ${notice.id}`)
          const failed = { kind: 'failed', detail: `it is ${mood}`, retryAfterMs: null } as const
          const answer = (told: Parameters<typeof resolve>[0], afterUs: number): void => {
            timeline.after(afterUs, () => {
              if (!life.isOver()) resolve(told)
            })
          }
          const wayUs = 200 + chance.below(mood === 'slow' ? 2 * second : 20_000)
          if (mood === 'failing') return answer(failed, wayUs)
          // Whoever hangs may have heard it all the same; `deaf` has not.
          if (mood !== 'deaf') timeline.after(wayUs / 2, () => hear(url, notice))
          if (mood === 'hanging' || mood === 'deaf') return answer(failed, timeoutMs * 1_000)
          answer({ kind: 'acknowledged' }, wayUs)
        }),
      close: async () => undefined,
    }),
    calm: () => {
      weather = 'calm'
    },
    faults: (drops, webhooks) =>
      webhooks.flatMap(({ url, tenants }) => {
        const losses = [...(heard.get(url)?.values() ?? [])].flatMap(({ data }) => data ?? [])
        const concerned = drops.filter(({ tenant }) => tenants.some((it) => isMatch(it, tenant)))
        return [
          ...losses.flatMap(({ tenant }) =>
            tenants.some((it) => isMatch(it, tenant)) ? [] : [`${url} heard of ${tenant}`],
          ),
          ...[...Map.groupBy([...concerned, ...losses], ({ tenant }) => tenant).keys()].flatMap(
            (tenant) => lossFaults(url, { tenant, losses, drops: concerned }),
          ),
        ]
      }),
  }
}

const lossFaults = (
  url: string,
  {
    tenant,
    losses,
    drops,
  }: {
    readonly tenant: string
    readonly losses: readonly LossData[]
    readonly drops: readonly Drop[]
  },
): readonly string[] => {
  const told = losses
    .filter((loss) => loss.tenant === tenant)
    .toSorted((one, other) => (one.firstDrop.id < other.firstDrop.id ? -1 : 1))
  const lost = drops.filter((drop) => drop.tenant === tenant)
  const sum = (of: readonly { readonly records: number }[]): number =>
    of.reduce((total, { records }) => total + records, 0)
  const overlapping = told.filter(
    ({ firstDrop }, index) => (told[index - 1]?.lastDrop.id ?? '') >= firstDrop.id,
  )
  const events = told.reduce((total, loss) => total + loss.drops, 0)
  return [
    ...(sum(told) === sum(lost) && events === lost.length
      ? []
      : [
          `${url} heard of ${sum(told)} records of ${tenant} in ${events} drop events, not of ${sum(lost)} in ${lost.length}`,
        ]),
    ...(overlapping.length === 0
      ? []
      : [`${url} heard of ${overlapping.length} losses of ${tenant} under two ids`]),
  ]
}
