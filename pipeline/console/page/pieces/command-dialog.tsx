/** What an operator tells the pipeline: said again before it is done, with a reason for the record. */
import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { type Failure, failureText, type Result } from '../client.ts'
import { lookNow } from '../live.ts'
import { Dialog } from './dialog.tsx'

export const CommandDialog = ({
  title,
  act,
  tone = 'primary',
  give,
  given,
  close,
  isReady = true,
  children,
}: {
  readonly title: string
  /** What the button says. */
  readonly act: string
  readonly tone?: 'primary' | 'danger'
  readonly give: (reason: string) => Promise<Result<unknown>>
  readonly given: () => void
  readonly close: () => void
  readonly isReady?: boolean
  readonly children: ComponentChildren
}) => {
  const [reason, setReason] = useState('')
  const [state, setState] = useState<'asked' | 'giving' | Failure>('asked')
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault()
    setState('giving')
    const result = await give(reason)
    lookNow()
    if (result.kind !== 'answer') return setState(result)
    given()
    close()
  }
  return (
    <Dialog title={title} close={close}>
      <form onSubmit={submit}>
        {children}
        <label class="field">
          <span>
            Reason <span class="muted">(optional, kept in the history)</span>
          </span>
          <input
            type="text"
            maxLength={500}
            value={reason}
            onInput={({ currentTarget }) => setReason(currentTarget.value)}
          />
        </label>
        {typeof state === 'string' ? null : (
          <p class="error" role="alert">
            {failureText(state)}
          </p>
        )}
        <div class="dialog-foot">
          <button type="button" class="button" onClick={close}>
            Cancel
          </button>
          <button type="submit" class={`button ${tone}`} disabled={state === 'giving' || !isReady}>
            {state === 'giving' ? 'Waiting for the answer…' : act}
          </button>
        </div>
      </form>
    </Dialog>
  )
}
