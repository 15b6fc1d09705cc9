import { useEffect, useState } from 'preact/hooks'
import { Icon } from './icon.tsx'

/** Copies a text to the clipboard, and says whether it did. */
export const Copy = ({ label, text }: { readonly label: string; readonly text: string }) => {
  const [state, setState] = useState<'idle' | 'copied' | 'refused'>('idle')
  useEffect(() => setState('idle'), [text])
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text)
      setState('copied')
    } catch (cause) {
      // Browsers refuse it outside a secure context.
      if (!(cause instanceof Error)) throw cause
      setState('refused')
    }
  }
  const said = { idle: label, copied: 'Copied', refused: 'The browser does not allow it' }[state]
  return (
    <button type="button" class="button" onClick={copy}>
      <Icon name={state === 'copied' ? 'check' : 'copy'} />
      <span aria-live="polite">{said}</span>
    </button>
  )
}
