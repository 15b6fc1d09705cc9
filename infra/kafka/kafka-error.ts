/** Why Kafka did not do what it was asked. */
export type KafkaErrorCode =
  /** Not reachable, or too few replicas: it may work later. */
  | 'unavailable'
  /** Another has taken over the transactional id. */
  | 'fenced'
  /** It will never work so: not allowed, too large, wrong credentials. */
  | 'refused'

export class KafkaError extends Error {
  override readonly name = 'KafkaError'
  readonly code: KafkaErrorCode

  constructor(code: KafkaErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
