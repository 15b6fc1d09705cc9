import type { StreamPage } from '../answers.ts'
import { Card } from '../pieces/card.tsx'
import { Empty, Failed } from '../pieces/failed.tsx'
import { ScrollBox } from '../pieces/scroll-box.tsx'
import { usePolled } from '../polled.ts'
import { linkTo, restate, usePlace } from '../route.ts'
import { count, plural } from '../words.ts'

const pageRows = 50
const orders = ['name', 'accepted', 'delivered', 'dropped', 'pending'] as const
type Order = (typeof orders)[number]
const heads: Readonly<Record<Exclude<Order, 'name'>, string>> = {
  accepted: 'Accepted',
  delivered: 'Delivered',
  dropped: 'Dropped',
  pending: 'Held',
}

export const Streams = () => {
  const { parameters } = usePlace()
  const order = orders.find((it) => it === parameters.order) ?? 'accepted'
  const page = Math.max(0, Number.parseInt(parameters.page ?? '0', 10) || 0)
  const { search } = parameters
  const { value, failure } = usePolled<StreamPage>(
    '/api/v1/streams',
    { search, order, offset: page * pageRows, limit: pageRows },
    2_000,
  )
  return (
    <Card
      title="Streams"
      aside={
        <span class="muted" role="status">
          {value === undefined ? '' : plural(value.total, 'stream')}
        </span>
      }
    >
      <div class="filters">
        <label class="field inline grow">
          <span>Search</span>
          <input
            type="search"
            placeholder="tenant or service"
            value={search ?? ''}
            onInput={({ currentTarget }) =>
              restate({ search: currentTarget.value, page: undefined })
            }
          />
        </label>
      </div>
      <Failed failure={failure} />
      {value === undefined ? null : value.total === 0 ? (
        <Empty
          title={search === undefined ? 'No record was accepted yet.' : 'No stream is called so.'}
        >
          {search === undefined
            ? 'Send one, and its stream is here.'
            : 'Each word has to be in the tenant or the service.'}
        </Empty>
      ) : (
        <>
          <Table page={value} order={order} />
          <Pages page={page} total={value.total} />
        </>
      )}
    </Card>
  )
}

const Table = ({ page, order }: { readonly page: StreamPage; readonly order: Order }) => (
  <ScrollBox label="Streams">
    <table class="table streams-table">
      <thead>
        <tr>
          <th scope="col" aria-sort={order === 'name' ? 'ascending' : 'none'}>
            <button
              type="button"
              class="sort"
              onClick={() => restate({ order: 'name', page: undefined })}
            >
              Stream
            </button>
          </th>
          {(Object.keys(heads) as (keyof typeof heads)[]).map((it) => (
            <th
              key={it}
              scope="col"
              class="number"
              aria-sort={order === it ? 'descending' : 'none'}
            >
              <button
                type="button"
                class="sort"
                onClick={() => restate({ order: it, page: undefined })}
              >
                {heads[it]}
              </button>
            </th>
          ))}
          <th scope="col" class="share-head">
            How it ended
          </th>
        </tr>
      </thead>
      <tbody>
        {page.streams.map((row) => (
          <tr key={`${row.tenant}/${row.service}`}>
            <th scope="row">
              <span class="stream-name">{row.service}</span>{' '}
              <span class="muted">of {row.tenant}</span>
              {row.unaccounted === 0 ? null : (
                <span class="tag bad">{count(row.unaccounted)} unaccounted</span>
              )}
            </th>
            <td class="number">{count(row.accepted)}</td>
            <td class="number">{count(row.delivered)}</td>
            <td class={`number ${row.dropped > 0 ? 'is-lost' : ''}`}>
              {row.dropped === 0 ? (
                '0'
              ) : (
                <a href={linkTo('losses', { tenant: row.tenant, span: '30d' })}>
                  {count(row.dropped)}
                </a>
              )}
            </td>
            <td class={`number ${row.pending > 0 ? 'is-held' : ''}`}>{count(row.pending)}</td>
            <td>
              <Shares {...row} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  </ScrollBox>
)

const Shares = ({
  delivered,
  dropped,
  pending,
}: {
  readonly delivered: number
  readonly dropped: number
  readonly pending: number
}) => (
  <span class="shares" aria-hidden="true">
    <span class="delivered" style={{ flexGrow: delivered }} />
    <span class="held" style={{ flexGrow: pending }} />
    <span class="dropped" style={{ flexGrow: dropped }} />
  </span>
)

const Pages = ({ page, total }: { readonly page: number; readonly total: number }) => {
  const pages = Math.ceil(total / pageRows)
  if (pages <= 1) return null
  const to = (next: number) => () => restate({ page: next === 0 ? undefined : String(next) })
  return (
    <nav class="pages" aria-label="Pages">
      <button type="button" class="button" disabled={page === 0} onClick={to(page - 1)}>
        Before
      </button>
      <span class="muted">
        {count(page * pageRows + 1)}–{count(Math.min(total, (page + 1) * pageRows))} of{' '}
        {count(total)}
      </span>
      <button type="button" class="button" disabled={page >= pages - 1} onClick={to(page + 1)}>
        Next
      </button>
    </nav>
  )
}
