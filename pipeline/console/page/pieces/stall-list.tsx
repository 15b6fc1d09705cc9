import type { Stall } from '../answers.ts'
import { durationText, instantText, plural } from '../words.ts'
import { Empty } from './failed.tsx'
import { ScrollBox } from './scroll-box.tsx'

const shownMax = 30
const kinds: Readonly<Record<Stall['kind'], string>> = {
  stalled: 'stalled',
  recovered: 'gets on again',
  givenUp: 'is stalled for good',
}

export const StallList = ({ stalls }: { readonly stalls: readonly Stall[] }) =>
  stalls.length === 0 ? (
    <Empty title="Nothing has stalled.">The sentinel watches from a thread of its own.</Empty>
  ) : (
    <ScrollBox label="Stalls, newest first" kind="stall-box">
      <ol class="stalls">
        {stalls
          .toReversed()
          .slice(0, shownMax)
          .map(({ at, subject, actor, kind, stalledMs, records, symptom, detail }) => (
            <li key={`${at} ${subject} ${kind}`} class={kind}>
              <p class="stall-head">
                <span>
                  <b>{actor}</b> {kinds[kind]}
                </span>
                <time dateTime={at}>{instantText(at)}</time>
              </p>
              <p class="muted">
                {kind === 'recovered'
                  ? `After ${durationText(stalledMs)}, with up to ${plural(records, 'record')} held.`
                  : `For ${durationText(stalledMs)} ${symptom}. ${plural(records, 'record')} held.`}
                {detail === null ? '' : ` ${sentence(detail)}`}
              </p>
            </li>
          ))}
      </ol>
    </ScrollBox>
  )

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
