import { useState } from 'preact/hooks'
import type { Calendar, Completeness, Hour } from '../answers.ts'
import { CalendarPicture } from '../pieces/calendar-picture.tsx'
import { Card } from '../pieces/card.tsx'
import { Empty, Failed } from '../pieces/failed.tsx'
import { FilterField } from '../pieces/filter-field.tsx'
import { ScrollBox } from '../pieces/scroll-box.tsx'
import { usePolled } from '../polled.ts'
import { restate, usePlace } from '../route.ts'
import { dayText, instantText, minuteText, plural, reasonText } from '../words.ts'
import { TenantField } from './losses.tsx'

const days = 14
const hourMs = 3_600_000
const gapsShown = 100

export const CompletenessView = () => {
  const { parameters } = usePlace()
  const { tenant, service } = parameters
  const { value, failure } = usePolled<Calendar>(
    '/api/v1/completeness/calendar',
    { tenant, service, days },
    10_000,
  )
  const [chosen, setChosen] = useState<string | null>(null)
  const hour = value?.cells.find(({ at }) => at === chosen)
  return (
    <div class="grid completeness">
      <Card
        title={`The last ${days} days`}
        kind="wide"
        aside={<span class="muted">hours of UTC</span>}
      >
        <div class="filters">
          <TenantField tenant={tenant ?? ''} />
          <FilterField
            label="Service"
            placeholder="all services"
            value={service ?? ''}
            commit={(text) => restate({ service: text })}
          />
        </div>
        <Failed failure={failure} />
        {value === undefined ? null : value.accepted === 0 ? (
          <Empty title="No record was ever accepted of these.">
            Of what never came, nobody can say whether it is complete.
          </Empty>
        ) : (
          <>
            <CalendarPicture calendar={value} chosen={chosen} choose={setChosen} />
            <Summary calendar={value} />
          </>
        )}
      </Card>
      {hour === undefined || value === undefined ? null : (
        <HourDetail key={hour.at} hour={hour} tenant={tenant} service={service} />
      )}
    </div>
  )
}

const Summary = ({ calendar: { watermark, doubts } }: { readonly calendar: Calendar }) => (
  <>
    <p class="muted watermark">
      {watermark === null
        ? 'How far everything has ended cannot be told.'
        : `Of records from before ${instantText(watermark)} none is still held.`}
    </p>
    {doubts.map((doubt) => (
      <p class="error" key={doubt}>
        {doubt}
      </p>
    ))}
  </>
)

const verdictTexts = {
  complete: 'Complete: every record of this hour that was accepted was delivered.',
  pending: 'Pending: some are held, or the hour is not over.',
  incomplete: 'Incomplete: some are lost, or it cannot be told.',
} as const

const HourDetail = ({
  hour,
  tenant,
  service,
}: {
  readonly hour: Hour
  readonly tenant: string | undefined
  readonly service: string | undefined
}) => {
  const fromMs = Date.parse(hour.at)
  const { value, failure } = usePolled<Completeness>(
    '/api/v1/completeness',
    { tenant, service, from: fromMs, to: fromMs + hourMs - 1 },
    10_000,
  )
  return (
    <Card
      title={`${dayText(fromMs)}, ${minuteText(fromMs)} to ${minuteText(fromMs + hourMs)}`}
      kind="wide"
      aside={<span class={`tag verdict-${hour.verdict}`}>{hour.verdict}</span>}
    >
      <Failed failure={failure} />
      {value === undefined ? null : (
        <>
          <p>{verdictTexts[value.verdict]}</p>
          <p class="muted">
            {plural(value.lost.records, 'record')} lost in {plural(value.lost.events, 'event')},{' '}
            {plural(value.pending.records, 'record')} held.
          </p>
          <Gaps gaps={value.gaps} unlisted={value.lost.unlisted} />
        </>
      )}
    </Card>
  )
}

const Gaps = ({
  gaps,
  unlisted,
}: {
  readonly gaps: Completeness['gaps']
  readonly unlisted: number
}) => {
  if (gaps.length === 0) return null
  const more = Math.max(0, gaps.length - gapsShown) + unlisted
  return (
    <ScrollBox label="Gaps">
      <table class="table">
        <thead>
          <tr>
            <th scope="col">Service</th>
            <th scope="col">Tenant</th>
            <th scope="col">Numbers</th>
            <th scope="col" class="number">
              Records
            </th>
            <th scope="col">Reason</th>
            <th scope="col">Recorded</th>
          </tr>
        </thead>
        <tbody>
          {gaps.slice(0, gapsShown).map((gap) => (
            <tr key={gap.id}>
              <th scope="row">{gap.service}</th>
              <td>{gap.tenant}</td>
              <td class="range">
                {gap.firstSeq}–{gap.lastSeq}
              </td>
              <td class="number">{gap.records}</td>
              <td>{reasonText(gap.reason)}</td>
              <td>{instantText(gap.at)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {more > 0 ? <p class="muted">And {plural(more, 'event')} more.</p> : null}
    </ScrollBox>
  )
}
