/** The two questions that are asked of a schema registry, over its REST interface. */
import { setTimeout as sleep } from 'node:timers/promises'
import { KafkaError } from './kafka-error.ts'

export type SchemaRegistry = {
  /**
   * The id of a schema under a subject, which has it from now on if it had it not.
   * @throws {KafkaError} `refused` where the registry holds it for incompatible, or us for a stranger.
   */
  readonly idOf: (subject: string, schema: string) => Promise<number>
  /** The schema of an id, as JSON; null where the registry has none. @throws {KafkaError} */
  readonly schemaOf: (id: number) => Promise<string | null>
}
export type RegistryOptions = {
  readonly url: string
  readonly login: { readonly username: string; readonly password: string } | null
  readonly answerMsMax: number
}

const contentType = 'application/vnd.schemaregistry.v1+json'
const triesMax = 3
const pauseMs = 300
const bodyCharsMax = 500

export const openSchemaRegistry = ({
  url,
  login,
  answerMsMax,
}: RegistryOptions): SchemaRegistry => {
  const authorization: Readonly<Record<string, string>> =
    login === null
      ? {}
      : {
          authorization: `Basic ${Buffer.from(`${login.username}:${login.password}`).toString('base64')}`,
        }
  const once = async (path: string, body: object | null): Promise<Answer> => {
    const attempted = `Asking the schema registry ${url} for ${path}`
    try {
      const response = await fetch(`${url}${path}`, {
        method: body === null ? 'GET' : 'POST',
        headers: { accept: contentType, 'content-type': contentType, ...authorization },
        body: body === null ? null : JSON.stringify(body),
        signal: AbortSignal.timeout(answerMsMax),
        redirect: 'error',
      })
      return { attempted, status: response.status, text: await response.text() }
    } catch (cause) {
      const seen = cause instanceof Error ? cause.message : String(cause)
      throw new KafkaError('unavailable', `${attempted} failed: ${seen}. It may work later.`, {
        cause,
      })
    }
  }
  const ask = async (path: string, body: object | null = null): Promise<Answer> => {
    for (let tries = 1; ; tries += 1) {
      try {
        const answer = await once(path, body)
        if (!isPassing(answer.status) || tries === triesMax) return answer
      } catch (cause) {
        if (tries === triesMax) throw cause
      }
      await sleep(pauseMs * tries)
    }
  }
  return {
    idOf: async (subject, schema) => {
      const path = `/subjects/${encodeURIComponent(subject)}/versions`
      const answer = await ask(path, { schema })
      if (answer.status !== 200) throw unexpected(answer)
      return numberIn(answer)
    },
    schemaOf: async (id) => {
      const answer = await ask(`/schemas/ids/${id}`)
      if (answer.status === 404) return null
      if (answer.status !== 200) throw unexpected(answer)
      return textIn(answer)
    },
  }
}

type Answer = { readonly attempted: string; readonly status: number; readonly text: string }

const isPassing = (status: number): boolean => status >= 500 || status === 429 || status === 408

const unexpected = ({ attempted, status, text }: Answer): KafkaError =>
  new KafkaError(
    isPassing(status) ? 'unavailable' : 'refused',
    `${attempted} was answered with ${status}: ${text.slice(0, bodyCharsMax)}`,
  )

const bodyOf = (answer: Answer): Readonly<Record<string, unknown>> => {
  try {
    const body: unknown = JSON.parse(answer.text)
    if (typeof body === 'object' && body !== null) return body as Record<string, unknown>
  } catch (cause) {
    throw new KafkaError('refused', `${answer.attempted} was answered with no JSON.`, { cause })
  }
  throw unexpected(answer)
}
const numberIn = (answer: Answer): number => {
  const { id } = bodyOf(answer)
  if (typeof id === 'number' && Number.isInteger(id)) return id
  throw unexpected(answer)
}
const textIn = (answer: Answer): string => {
  const { schema } = bodyOf(answer)
  if (typeof schema === 'string') return schema
  throw unexpected(answer)
}
