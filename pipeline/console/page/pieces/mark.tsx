/** The mark; the name stands beside it. */
export const Mark = () => (
  <svg viewBox="0 0 32 32" aria-hidden="true" focusable="false">
    <rect width="32" height="32" rx="8" />
    <path d="M9 7v18M23 7v18M9 16h14" />
  </svg>
)
