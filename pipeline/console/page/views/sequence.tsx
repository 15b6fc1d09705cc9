import { useMemo, useState } from 'preact/hooks'
import { type Arrow, chainOf, joined } from '../../../inspection/joined-sequence.ts'
import { mermaidOf } from '../../../inspection/mermaid.ts'
import { Card } from '../pieces/card.tsx'
import { Copy } from '../pieces/copy.tsx'
import { Empty, Failed } from '../pieces/failed.tsx'
import { Icon } from '../pieces/icon.tsx'
import { SequencePicture } from '../pieces/sequence-picture.tsx'
import { linkTo, usePlace } from '../route.ts'
import { useSteps } from '../steps.ts'
import { count, plural } from '../words.ts'

/** More could not be read, and the whole is asked for as text. */
const rowsMax = 80

export const SequenceView = () => {
  const { parameters } = usePlace()
  const { of } = parameters
  const [mode, setMode] = useState<'live' | 'held'>('live')
  const { producer, steps, skipped, failure } = useSteps(mode)
  const arrows = useMemo(() => joined([{ producer, steps }]), [producer, steps])
  const chosen = of === undefined ? undefined : arrows.find(({ messageId }) => messageId === of)
  const shown = useMemo(
    () => (chosen === undefined ? arrows : chainOf(arrows, chosen.messageId)).slice(-rowsMax),
    [arrows, chosen],
  )
  const isLive = mode === 'live'
  return (
    <div class="grid">
      <Card
        title={
          chosen === undefined
            ? 'The last messages'
            : `What led to ${chosen.message}, and what came of it`
        }
        kind="wide sequence-card"
        aside={
          <div class="sequence-acts">
            {of === undefined ? null : (
              <a class="button" href={linkTo('sequence')}>
                All messages
              </a>
            )}
            <Copy label="Copy as Mermaid" text={mermaidOf(shown)} />
            <button
              type="button"
              class={`button ${isLive ? '' : 'primary'}`}
              onClick={() => setMode(isLive ? 'held' : 'live')}
            >
              <Icon name={isLive ? 'pause' : 'play'} /> {isLive ? 'Hold the picture' : 'Go on'}
            </button>
          </div>
        }
      >
        <Failed failure={failure} />
        {of !== undefined && chosen === undefined && steps.length > 0 ? (
          <p class="muted">That message is not among the last any more; these are all.</p>
        ) : null}
        {shown.length === 0 ? (
          <Empty title="No message yet.">
            What the actors tell one another appears here as it happens.
          </Empty>
        ) : (
          <SequencePicture
            arrows={shown}
            chosen={chosen?.messageId}
            mode={mode}
            choose={() => setMode('held')}
          />
        )}
        <Note arrows={shown} seen={arrows.length} skipped={skipped} />
      </Card>
    </div>
  )
}

const Note = ({
  arrows,
  seen,
  skipped,
}: {
  readonly arrows: readonly Arrow[]
  readonly seen: number
  readonly skipped: number
}) => (
  <p class="muted sequence-note">
    {plural(arrows.length, 'message')} of the last {count(seen)}.
    {skipped === 0 ? '' : ` ${plural(skipped, 'event')} more happened than can be shown.`} Several
    processes as one: <code>holdfast sequence --admin URL,URL</code>.
  </p>
)
