import type { ComponentChildren } from 'preact'
import { useId } from 'preact/hooks'

/** A part of a view with a heading of its own. */
export const Card = ({
  title,
  aside,
  kind = '',
  children,
}: {
  readonly title: string
  readonly aside?: ComponentChildren
  readonly kind?: string
  readonly children: ComponentChildren
}) => {
  const id = useId()
  return (
    <section class={`card ${kind}`} aria-labelledby={id}>
      <div class="card-head">
        <h2 id={id}>{title}</h2>
        {aside}
      </div>
      {children}
    </section>
  )
}
