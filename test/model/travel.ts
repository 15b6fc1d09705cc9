import { isDeepStrictEqual } from 'node:util'
import { decode, encode } from '../../schemas/codec.ts'
import type { Message } from '../../schemas/messages.ts'
import type { Effect } from '../support/drive.ts'
import { holds } from './violation.ts'

/** What a machine tells another has a schema, and is the same behind the wire: no more, no less. */
export const travels = ({ type, params }: Effect): void => {
  if (type !== 'tell') return
  const { message } = params as { readonly message: Message }
  holds(
    isDeepStrictEqual(decode(encode(message)), message),
    () => `${message.type} does not travel`,
  )
}
