import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'

/** What may be too broad or too long for its place. While it is, the keyboard can get to it and scroll. */
export const ScrollBox = ({
  label,
  kind = 'table-box',
  children,
}: {
  readonly label: string
  readonly kind?: string
  readonly children: ComponentChildren
}) => {
  const box = useRef<HTMLElement>(null)
  useEffect(() => {
    const { current } = box
    if (current === null) return
    const look = (): void => {
      const { scrollWidth, clientWidth, scrollHeight, clientHeight } = current
      if (scrollWidth > clientWidth || scrollHeight > clientHeight) current.tabIndex = 0
      else current.removeAttribute('tabindex')
    }
    const observer = new ResizeObserver(look)
    observer.observe(current)
    for (const child of current.children) observer.observe(child)
    return () => observer.disconnect()
  }, [])
  return (
    <section class={kind} aria-label={label} ref={box}>
      {children}
    </section>
  )
}
