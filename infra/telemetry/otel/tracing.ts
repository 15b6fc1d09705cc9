/**
 * Spans that are decided on before anything is built for them: of those that are not sampled, which are
 * most, there is an id and nothing else. The SDK decides after it has cleaned every attribute.
 */
import {
  type Context,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  type SpanOptions,
  trace,
} from '@opentelemetry/api'
import type { Resource } from '@opentelemetry/resources'
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  RandomIdGenerator,
  type Sampler,
  SamplingDecision,
  type SpanProcessor,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import type { TracePlace } from '../telemetry.ts'
import type { Sampling } from './environment.ts'
import { scope } from './names.ts'

/** A decision, on a trace that starts here or on one that goes on. */
export type Begin = (from: TracePlace | undefined) => Begun
export type Begun =
  | { readonly kind: 'sampled'; readonly start: (name: string, options: SpanOptions) => Span }
  /** The place says so to whoever goes on from here. */
  | { readonly kind: 'unsampled'; readonly place: TracePlace }

export type Tracing = {
  readonly begin: Begin
  /** Exports what is left. Rejects when that fails. */
  readonly close: () => Promise<void>
}

/** Of one span. With as many spans open as may be, 50 MB at the worst. */
const eventsMax = 32
const charsMax = 512

export const openTracing = ({
  sampling,
  processors,
  ...options
}: {
  /** `off`: there is nobody to tell. */
  readonly sampling: Sampling | 'off'
  readonly processors: readonly SpanProcessor[]
  readonly resource?: Resource
  readonly version?: string
}): Tracing => {
  const sampler = samplerOf(sampling)
  const random = new RandomIdGenerator()
  let decidedId: string | undefined
  const provider = new TracerProvider({
    ...(options.resource === undefined ? {} : { resource: options.resource }),
    // A batch that is tried again for hours keeps the newest of its attempts.
    spanLimits: { eventCountLimit: eventsMax, attributeValueLengthLimit: charsMax },
    // It is asked for those spans alone that were decided for, with the trace that was decided on.
    sampler: new AlwaysOnSampler(),
    idGenerator: {
      generateTraceId: () => decidedId ?? random.generateTraceId(),
      generateSpanId: () => random.generateSpanId(),
    },
    spanProcessors: [...processors],
  })
  const tracer = provider.getTracer(scope, options.version)
  const decided = (
    context: Context,
    { traceId, spanId }: Pick<TracePlace, 'traceId' | 'spanId'>,
  ): Begun => {
    const { decision } = sampler.shouldSample(context, traceId, '', SpanKind.INTERNAL, {}, [])
    if (decision !== SamplingDecision.RECORD_AND_SAMPLED)
      return { kind: 'unsampled', place: { traceId, spanId, traceFlags: 0 } }
    return {
      kind: 'sampled',
      start: (name, spanOptions) => {
        decidedId = traceId
        return tracer.startSpan(name, spanOptions, context)
      },
    }
  }
  const spanId = random.generateSpanId()
  const drawn = openDrawn(() =>
    decided(ROOT_CONTEXT, { traceId: random.generateTraceId(), spanId }),
  )
  return {
    begin: (from) =>
      from === undefined ? drawn() : decided(trace.setSpanContext(ROOT_CONTEXT, from), from),
    close: () => provider.shutdown(),
  }
}

const aheadMax = 128

/**
 * Decided ahead, some at a time: one by one, each between two requests, they take several times as long,
 * since a processor has forgotten by then how it is done.
 */
const openDrawn = (draw: () => Begun): (() => Begun) => {
  const ahead: Begun[] = []
  return () => {
    if (ahead.length === 0) for (let it = 0; it < aheadMax; it += 1) ahead.push(draw())
    return ahead.pop() ?? draw()
  }
}

const samplerOf = (sampling: Sampling | 'off'): Sampler => {
  if (sampling === 'off') return new AlwaysOffSampler()
  const root = new TraceIdRatioBasedSampler(sampling.ratio)
  return sampling.parentBased === 'parentBased' ? new ParentBasedSampler({ root }) : root
}
