import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Log } from '../../infra/telemetry/log.ts'
import { type Answer, refusal } from './answer.ts'
import { sendAnswer } from './send-answer.ts'

export type Answering = (request: IncomingMessage) => Promise<Answer>

/** Answers a call of the admin API, with 500 where the answer failed. It does not reject. */
export const respond = async (exchange: {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly answer: Answering
  readonly log: Log
}): Promise<void> => {
  const { request, response, answer, log } = exchange
  // Whoever hangs up before the answer gets none; there is nobody to tell, and nothing is lost.
  response.on('error', (error) => log.debug('admin.answerLost', 'The caller hung up.', { error }))
  try {
    sendAnswer(response, await answer(request))
  } catch (error) {
    if (request.destroyed && !request.complete) return
    log.error('admin.failed', 'A call of the admin API failed; it was answered 500.', {
      method: request.method,
      path: request.url?.split('?')[0],
      error,
    })
    sendAnswer(response, refusal({ status: 500, error: 'this failed; the log says why' }))
  }
}
