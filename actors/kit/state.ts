/**
 * The only ways to write a state. XState drops an event that a state does not name, without a word;
 * here every state answers every message of its actor's inbox, or the machine does not compile.
 */
import type { InstantMs } from '../../schemas/brand.ts'
import type { Actor, Awaitable, Below } from './rank.ts'

/** The answer "nothing": the message is right here, and changes nothing, for this reason. */
export const ignore = <const Why extends string>(why: Why) =>
  ({ description: `ignored: ${why}` }) as const

/** The answer "cannot be": arriving here is a fault of ours, and says so loudly. */
export const impossible = <const Why extends string>(why: Why) =>
  ({ actions: { type: 'fault', params: { why: why as string } } }) as const

/** The answer "later": the runtime keeps the message and hands it over again in another state. */
export const defer = { description: 'deferred', actions: 'defer' } as const

/** Tells what a machine built with `waiting` may say of a state; `setup({ types: { meta } })`. */
export type StateMeta = { readonly waitsOn?: Awaitable }

/** A state of which the answers to all messages of `Inbox` are given. */
type Answered<Inbox extends { readonly type: string }> = {
  readonly on: Readonly<Record<Inbox['type'], unknown>>
}

/**
 * Checks that every state answers every message, and gives the states back as they are. A final
 * state has no answers: its actor has stopped, and the runtime makes a dead letter of what comes.
 */
export const total =
  <Inbox extends { readonly type: string }>() =>
  <const States extends Readonly<Record<string, Answered<Inbox> | { readonly type: 'final' }>>>(
    states: States,
  ): States =>
    states

/** The keys of a context that hold an instant. */
type InstantKey<Context> = {
  [Key in keyof Context]: Context[Key] extends InstantMs ? Key : never
}[keyof Context] &
  string

/**
 * The only way to declare a state that waits. It names an actor of lower rank (or `outside`: disk and
 * network), the instant in the context at which waiting ends, and what happens then.
 */
export const waiting =
  <Self extends Actor, Context>() =>
  <
    const On extends Below<Self>,
    const Key extends InstantKey<Context>,
    const Late extends object,
    Config,
  >(wait: {
    /** Who is waited on. */
    readonly on: On
    /** The context's key of the deadline. */
    readonly until: Key
    /** The transition, or the choice of transitions, at the deadline. */
    readonly late: Late
    readonly state: Config
  }) => {
    const { on: answers, ...rest } = wait.state as { readonly on: object }
    return {
      ...rest,
      meta: { waitsOn: wait.on as Awaitable },
      invoke: {
        id: 'deadline',
        src: 'timer',
        input: ({ context }: { context: Context }) => ({
          deadlineMs: context[wait.until] as InstantMs,
        }),
      },
      on: { ...answers, 'timer.fired': dueOnly<Context, Key, Late>(wait.until, wait.late) },
    } as unknown as Omit<Config, 'on'> & {
      readonly meta: StateMeta
      readonly invoke: DeadlineInvoke<Context>
      readonly on: AnswersOf<Config> & { readonly 'timer.fired': Due<Context, Late> }
    }
  }

/** `Config` has no bound above, since a bound would flow into the state config given for it. */
type AnswersOf<Config> = Config extends { readonly on: infer Answers } ? Answers : never

type DeadlineInvoke<Context> = {
  readonly id: 'deadline'
  readonly src: 'timer'
  readonly input: (args: { context: Context }) => { readonly deadlineMs: InstantMs }
}
type NotDue<Context> = {
  readonly description: string
  readonly guard: (args: { context: Context; event: { readonly nowMs: InstantMs } }) => boolean
}
type Due<Context, Late> = readonly (
  | NotDue<Context>
  | (Late extends readonly (infer One)[] ? One : Late)
)[]

/** A timer that was set in a former visit of the state may still fire: it is not due. */
const dueOnly = <Context, Key extends keyof Context, Late extends object>(
  until: Key,
  late: Late,
): Due<Context, Late> =>
  [
    {
      description: 'ignored: a timer of a former visit',
      guard: ({ context, event }: { context: Context; event: { nowMs: InstantMs } }) =>
        event.nowMs < (context[until] as InstantMs),
    },
    ...(Array.isArray(late) ? late : [late]),
  ] as unknown as Due<Context, Late>
