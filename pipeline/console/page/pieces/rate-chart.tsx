import type { Rates, Sample } from '../live.ts'
import { minuteText, rateText } from '../words.ts'

const width = 720
const height = 168
const foot = 20
/** At first the picture is of a minute, and grows with what there is. */
const secondsMin = 60
const kinds = ['accepted', 'delivered', 'dropped'] as const

/** The last minutes: records a second. Its figures are beside it in words. */
export const RateChart = ({
  samples,
  rates,
}: {
  readonly samples: readonly Sample[]
  readonly rates: Rates
}) => {
  const top = niceTop(Math.max(1, ...samples.flatMap((it) => kinds.map((kind) => it.rates[kind]))))
  const lastMs = samples.at(-1)?.atMs ?? 0
  const seconds = Math.max(secondsMin, (lastMs - (samples[0]?.atMs ?? 0)) / 1_000)
  const at = (ms: number): number => width - ((lastMs - ms) / 1_000 / seconds) * width
  const up = (rate: number): number => height - foot - (rate / top) * (height - foot - 12)
  const line = (kind: (typeof kinds)[number]): string =>
    samples
      .map(
        (it, index) =>
          `${index === 0 ? 'M' : 'L'}${at(it.atMs).toFixed(1)} ${up(it.rates[kind]).toFixed(1)}`,
      )
      .join('')
  const minutes = [0, 1, 2, 3, 4]
    .map((it) => (Math.floor(lastMs / 60_000) - it) * 60_000)
    .filter((ms) => at(ms) > width * 0.04 && at(ms) < width * 0.97)
  const area =
    samples.length < 2
      ? ''
      : `${line('accepted')}L${width} ${height - foot}L${at(samples[0]?.atMs ?? 0).toFixed(1)} ${height - foot}Z`
  return (
    <figure class="rates">
      <svg viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" aria-hidden="true">
        {[0.5, 1].map((share) => (
          <line
            key={share}
            class="grid"
            x1="0"
            x2={width}
            y1={up(top * share)}
            y2={up(top * share)}
          />
        ))}
        <line class="axis" x1="0" x2={width} y1={height - foot} y2={height - foot} />
        <path class="area accepted" d={area} />
        {kinds.map((kind) => (
          <path key={kind} class={`line ${kind}`} d={line(kind)} />
        ))}
      </svg>
      <div class="rates-scale" aria-hidden="true">
        <span>{rateText(top)}</span>
        <span>{rateText(top / 2)}</span>
      </div>
      <div class="rates-minutes" aria-hidden="true">
        {minutes.map((ms) => (
          <span key={ms} style={{ left: `${(at(ms) / width) * 100}%` }}>
            {minuteText(ms)}
          </span>
        ))}
      </div>
      <figcaption class="legend">
        {kinds.map((kind) => (
          <span key={kind}>
            <span class={`key ${kind}`} aria-hidden="true" />
            {kind} <b>{rateText(rates[kind])}</b>
          </span>
        ))}
      </figcaption>
    </figure>
  )
}

/** 1, 2 or 5 times a power of ten, so that the scale stands still. */
const niceTop = (value: number): number => {
  const power = 10 ** Math.floor(Math.log10(value))
  return ([1, 2, 5, 10].find((it) => it * power >= value) ?? 10) * power
}
