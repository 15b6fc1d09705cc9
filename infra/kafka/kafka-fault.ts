import { KafkaError, type KafkaErrorCode } from './kafka-error.ts'

/**
 * What the broker answers when an id has passed to another, or has been forgotten: whoever held it can
 * do nothing more under it.
 */
const fencing: ReadonlySet<string> = new Set([
  'PRODUCER_FENCED',
  'INVALID_PRODUCER_EPOCH',
  'INVALID_PRODUCER_ID_MAPPING',
  'TRANSACTION_COORDINATOR_FENCED',
])
/** What will be answered the next time too. */
const refusing: ReadonlySet<string> = new Set([
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_RECORD',
  'INVALID_TIMESTAMP',
  'INVALID_TOPIC_EXCEPTION',
  'INVALID_REQUIRED_ACKS',
  'INVALID_TRANSACTION_TIMEOUT',
  'INVALID_CONFIG',
  'INVALID_REPLICATION_FACTOR',
  'INVALID_PARTITIONS',
  'POLICY_VIOLATION',
  'TOPIC_AUTHORIZATION_FAILED',
  'GROUP_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
  'SECURITY_DISABLED',
  'UNSUPPORTED_VERSION',
  'UNSUPPORTED_SASL_MECHANISM',
  'ILLEGAL_SASL_STATE',
  'SASL_AUTHENTICATION_FAILED',
  'INCONSISTENT_GROUP_PROTOCOL',
  'OFFSET_OUT_OF_RANGE',
])
const refusingNames: ReadonlySet<string> = new Set([
  'KafkaJSSASLAuthenticationError',
  'KafkaJSNotImplemented',
  'KafkaJSServerDoesNotSupportApiKey',
])
/** TLS that does not fit, as Node names it: no waiting helps. */
const certificate =
  /^(?:CERT_|DEPTH_ZERO_SELF_SIGNED|SELF_SIGNED|UNABLE_TO_|ERR_TLS_|ERR_SSL_|ERR_OSSL_|HOSTNAME_MISMATCH)/

/** How deep causes, and errors of single partitions, are looked into. */
const depthMax = 6

/**
 * What the client library threw, as one of three things that a caller can act upon. What is not known to
 * be for ever may pass: it is `unavailable`.
 * @param attempted a sentence's beginning: "Publishing 3 messages".
 */
export const kafkaErrorOf = (cause: unknown, attempted: string): KafkaError => {
  if (cause instanceof KafkaError) return cause
  const code = codeOf(cause, 0)
  const seen = cause instanceof Error ? cause.message : String(cause)
  return new KafkaError(code, `${attempted} failed: ${seen}. ${consequence[code]}`, { cause })
}

const consequence: Readonly<Record<KafkaErrorCode, string>> = {
  unavailable: 'It may work later.',
  fenced: 'Another has taken over.',
  refused: 'It is not tried again.',
}

const codeOf = (cause: unknown, depth: number): KafkaErrorCode => {
  if (typeof cause !== 'object' || cause === null || depth > depthMax) return 'unavailable'
  const { type, name, code } = cause as Readonly<Record<string, unknown>>
  if (fencing.has(String(type))) return 'fenced'
  if (refusing.has(String(type)) || refusingNames.has(String(name))) return 'refused'
  if (certificate.test(String(code))) return 'refused'
  const below: readonly unknown[] = [
    'cause' in cause ? cause.cause : undefined,
    ...('errors' in cause && Array.isArray(cause.errors) ? cause.errors : []),
    ...('partitions' in cause && Array.isArray(cause.partitions)
      ? cause.partitions.map((it: { readonly error?: unknown }) => it?.error)
      : []),
  ]
  const codes = below.map((it) => codeOf(it, depth + 1))
  return codes.find((it) => it !== 'unavailable') ?? 'unavailable'
}
