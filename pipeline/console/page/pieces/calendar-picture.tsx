/** Days down, hours across. One cell is in the order of the tab key; arrows go to the others. */
import { useRef } from 'preact/hooks'
import type { Calendar, Hour } from '../answers.ts'
import { dayText, minuteText, plural, weekdayText } from '../words.ts'

const hoursADay = 24

export const CalendarPicture = ({
  calendar: { cells, asOf, since },
  chosen,
  choose,
}: {
  readonly calendar: Calendar
  readonly chosen: string | null
  readonly choose: (at: string) => void
}) => {
  const grid = useRef<HTMLTableElement>(null)
  const nowMs = Date.parse(asOf)
  const sinceMs = since === null ? 0 : Date.parse(since)
  const isFuture = ({ at }: Hour): boolean => Date.parse(at) > nowMs
  const isBefore = ({ at, lost, held }: Hour): boolean =>
    Date.parse(at) + 3_600_000 <= sinceMs && lost === 0 && held === 0
  const askable = cells.filter((cell) => !isFuture(cell) && !isBefore(cell))
  const focusable = askable.find(({ at }) => at === chosen) ?? askable.at(-1)
  const days = Array.from({ length: Math.ceil(cells.length / hoursADay) }, (_, day) =>
    cells.slice(day * hoursADay, (day + 1) * hoursADay),
  ).toReversed()

  const move = (from: Hour, hours: number): void => {
    const to = cells[cells.indexOf(from) + hours]
    if (to !== undefined) grid.current?.querySelector<HTMLElement>(`[data-at="${to.at}"]`)?.focus()
  }
  const steps: Readonly<Record<string, number>> = {
    ArrowLeft: -1,
    ArrowRight: 1,
    // The newest day is on top.
    ArrowUp: hoursADay,
    ArrowDown: -hoursADay,
  }
  return (
    <div class="calendar-box">
      <table class="calendar" ref={grid}>
        <caption class="hidden">Completeness by day and hour, the newest day first</caption>
        <thead>
          <tr>
            <td />
            {Array.from({ length: hoursADay }, (_, hour) => (
              <th scope="col" key={`hour ${String(hour)}`} class={hour % 6 === 0 ? '' : 'minor'}>
                {String(hour).padStart(2, '0')}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {days.map((hours) => (
            <tr key={hours[0]?.at}>
              <th scope="row">
                <span class="weekday">{weekdayText(hours[0]?.at ?? 0)}</span>{' '}
                {dayText(hours[0]?.at ?? 0)}
              </th>
              {hours.map((hour) => (
                <td key={hour.at}>
                  {isFuture(hour) || isBefore(hour) ? (
                    <span
                      class={`cell ${isFuture(hour) ? 'future' : 'before'}`}
                      title={isFuture(hour) ? undefined : 'Before anything was accepted'}
                    />
                  ) : (
                    <button
                      type="button"
                      class={`cell ${hour.verdict}`}
                      data-at={hour.at}
                      aria-pressed={hour.at === chosen}
                      aria-label={cellText(hour)}
                      title={cellText(hour)}
                      tabIndex={hour === focusable ? 0 : -1}
                      onClick={() => choose(hour.at)}
                      onKeyDown={(event) => {
                        const step = steps[event.key]
                        if (step === undefined) return
                        event.preventDefault()
                        move(hour, step)
                      }}
                    />
                  )}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      <ul class="legend">
        <li>
          <span class="key cell complete" aria-hidden="true" /> complete
        </li>
        <li>
          <span class="key cell pending" aria-hidden="true" /> pending
        </li>
        <li>
          <span class="key cell incomplete" aria-hidden="true" /> incomplete
        </li>
        <li>
          <span class="key cell before" aria-hidden="true" /> before the first record
        </li>
      </ul>
    </div>
  )
}

const cellText = ({ at, verdict, lost, held }: Hour): string => {
  const what = [
    ...(lost > 0 ? [`${plural(lost, 'record')} lost`] : []),
    ...(held > 0 ? [`${plural(held, 'record')} held`] : []),
  ]
  const more = what.length === 0 ? '' : `, ${what.join(', ')}`
  return `${dayText(at)} ${minuteText(at)}: ${verdict}${more}`
}
