import { type Failure, failureText } from '../client.ts'

/** An answer that did not come; what was there before stays beside it. */
export const Failed = ({ failure }: { readonly failure: Failure | undefined }) =>
  failure === undefined || failure.kind === 'unauthorised' ? null : (
    <p class="error" role="status">
      {failureText(failure)} This is asked again by itself.
    </p>
  )

/** Among services only the auditor has it; the others are not asked in vain. */
export const NoAccount = () => (
  <Empty title="This service keeps no account.">The console of the auditor shows it.</Empty>
)

export const Empty = ({
  title,
  children,
}: {
  readonly title: string
  readonly children?: preact.ComponentChildren
}) => (
  <div class="empty">
    <p class="empty-title">{title}</p>
    {children === undefined ? null : <p>{children}</p>}
  </div>
)
