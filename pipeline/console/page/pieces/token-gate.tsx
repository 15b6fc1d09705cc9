import { useState } from 'preact/hooks'
import { forgetToken, keepToken, tokenKept } from '../client.ts'
import { lookNow } from '../live.ts'
import { Mark } from './mark.tsx'

/** Asks for the admin token, once for this tab. */
export const TokenGate = () => {
  const [token, setToken] = useState('')
  const wasWrong = tokenKept() !== null
  const open = (event: Event): void => {
    event.preventDefault()
    keepToken(token)
    lookNow()
  }
  return (
    <main class="gate">
      <form class="card gate-card" onSubmit={open}>
        <div class="brand">
          <Mark />
          Holdfast
        </div>
        <h1>The console is locked</h1>
        <p class="muted">
          This pipeline asks for its admin token: <code>admin.token</code> of its configuration. It
          is kept in this tab until you close it.
        </p>
        <label class="field">
          <span>Admin token</span>
          <input
            type="password"
            autocomplete="current-password"
            value={token}
            required
            aria-invalid={wasWrong}
            aria-describedby={wasWrong ? 'token-wrong' : undefined}
            onInput={({ currentTarget }) => setToken(currentTarget.value)}
          />
        </label>
        {wasWrong ? (
          <p class="error" id="token-wrong" role="alert">
            That token is not the right one.{' '}
            <button type="button" class="link" onClick={forgetToken}>
              Forget it
            </button>
          </p>
        ) : null}
        <button type="submit" class="button primary">
          Open the console
        </button>
      </form>
    </main>
  )
}
