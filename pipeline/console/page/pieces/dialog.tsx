import type { ComponentChildren } from 'preact'
import { useEffect, useId, useRef } from 'preact/hooks'
import { Icon } from './icon.tsx'

/** A dialog over the page, open as long as it is there. The browser keeps the focus in it. */
export const Dialog = ({
  title,
  kind = '',
  close,
  children,
}: {
  readonly title: string
  readonly kind?: string
  readonly close: () => void
  readonly children: ComponentChildren
}) => {
  const dialog = useRef<HTMLDialogElement>(null)
  const id = useId()
  useEffect(() => {
    const former = document.activeElement
    const open = dialog.current
    open?.showModal()
    return () => {
      // While it is open the page behind it takes no focus.
      open?.close()
      if (former instanceof HTMLElement) former.focus()
    }
  }, [])
  return (
    <dialog
      class={`dialog ${kind}`}
      ref={dialog}
      aria-labelledby={id}
      onClose={close}
      onClick={({ target }) => {
        if (target === dialog.current) close()
      }}
      onKeyDown={({ key }) => {
        if (key === 'Escape') close()
      }}
    >
      <div class="dialog-inside">
        <div class="dialog-head">
          <h2 id={id}>{title}</h2>
          <button type="button" class="button ghost square" aria-label="Close" onClick={close}>
            <Icon name="close" />
          </button>
        </div>
        {children}
      </div>
    </dialog>
  )
}
