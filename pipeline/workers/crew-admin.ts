/** The admin API of all workers: together where that says something true, and each by itself. */
import { createServer, type IncomingMessage } from 'node:http'
import type { Log } from '../../infra/telemetry/log.ts'
import { type Answer, refusal } from '../admin/answer.ts'
import { readBody } from '../admin/body.ts'
import { isConsoleFile } from '../admin/console-files.ts'
import { openGate } from '../admin/gate.ts'
import { closed, listening, serverTimeouts } from '../admin/listening.ts'
import { type Answering, respond } from '../admin/respond.ts'
import { type Listen, listenText } from '../config/addresses.ts'
import type { Crew } from './crew.ts'
import { commandCrew, crewCommands } from './crew-commands.ts'
import { crewLive, crewReady } from './crew-probes.ts'
import { crewRoutes, passedOn } from './crew-routes.ts'
import { workersPage } from './workers-page.ts'

type Options = {
  readonly listen: Listen
  readonly token: string | null
  /** null until the workers are started. */
  readonly crew: () => Crew | null
  readonly log: Log
}

/** Rejects when the address cannot be listened on. */
export const openCrewAdmin = async (
  options: Options,
): Promise<{ readonly url: string; readonly close: () => Promise<void> }> => {
  const { listen, log } = options
  const answer = answering(options)
  const server = createServer(serverTimeouts, (request, response) => {
    void respond({ request, response, answer, log })
  })
  const port = await listening(server, listen)
  server.on('error', (error) =>
    log.warn('admin.faltered', 'The admin API goes on after an error.', { error }),
  )
  return {
    url: `http://${listenText({ host: listen.host, port })}`,
    close: () => closed(server),
  }
}

type Target = {
  readonly path: string
  readonly search: URLSearchParams
  /** Of one worker: what follows its number in the path is `path`. */
  readonly worker: number | undefined
}

const targetOf = (url: string): Target | undefined => {
  if (!URL.canParse(url, 'http://admin')) return undefined
  const { pathname, searchParams: search } = new URL(url, 'http://admin')
  const [, worker, path] = /^\/workers\/(\d{1,3})(\/.*)$/.exec(pathname) ?? []
  return path === undefined
    ? { path: pathname, search, worker: undefined }
    : { path, search, worker: Number(worker) }
}

const answering = ({ listen, token, crew: crewNow, log }: Options): Answering => {
  const gate = openGate({ token, listen })
  return async (request) => {
    const target = targetOf(request.url ?? '/')
    if (target === undefined) return refusal({ status: 400, error: 'the path cannot be read' })
    const { path, worker } = target
    const method = request.method === 'HEAD' ? 'GET' : (request.method ?? 'GET')
    const crew = crewNow()
    if (worker === undefined && method === 'GET' && path === '/livez') return crewLive(crew)
    if (worker === undefined && method === 'GET' && path === '/readyz') return crewReady(crew)
    // A browser asks for a page before it can show a token; these have no secret.
    const isPage = method === 'GET' && isConsoleFile(path)
    const refused = isPage && token !== null ? undefined : gate(request.headers)
    if (refused !== undefined) return refused
    if (crew === null)
      return refusal({
        status: 503,
        error: 'the workers are starting',
        headers: { 'retry-after': '1' },
      })
    if (method !== 'GET') return commanded(crew, { method, path, request, log })
    if (worker !== undefined) return ofWorker(crew, { ...target, worker })
    // The links of the page start at its folder.
    if (/^\/workers\/\d{1,3}$/.test(path))
      return { status: 308, headers: { location: `${path}/` }, body: '' }
    if (path === '/') return workersPage(crew.members)
    const route = Object.hasOwn(crewRoutes, path) ? crewRoutes[path] : undefined
    return route === undefined ? byEach(crew, path) : route({ crew, ...target })
  }
}

/** To all of them, by whatever path: told to one alone, it would part it from the others. */
const commanded = async (
  crew: Crew,
  given: { method: string; path: string; request: IncomingMessage; log: Log },
): Promise<Answer> => {
  const { method, path, request, log } = given
  const command = Object.hasOwn(crewCommands, path) ? crewCommands[path] : undefined
  if (command === undefined || command.method !== method)
    return refusal({
      status: 405,
      error: `${path.slice(0, 256)} does not take ${method.slice(0, 16)}`,
      allowed: Object.entries(crewCommands).map(([known, it]) => `${it.method} ${known}`),
    })
  const body = await readBody(request, command.example)
  if (body.kind === 'refused') return body.answer
  const answer = await commandCrew(crew, { path, command, body: body.value })
  log.info('workers.commanded', 'An operator told all workers something.', {
    path,
    body: body.value,
    status: answer.status,
  })
  return answer
}

const ofWorker = async (
  crew: Crew,
  { worker, path, search }: Target & { readonly worker: number },
): Promise<Answer> => {
  const member = crew.members[worker]
  if (member === undefined)
    return refusal({
      status: 404,
      error: `there is no worker ${worker}`,
      allowed: `0 to ${crew.members.length - 1}`,
    })
  const query = search.size === 0 ? '' : `?${search}`
  const told = await crew.ask(member, { method: 'GET', path: `${path}${query}` })
  return { status: told.status, headers: passedOn(told.headers), body: told.body }
}

const byEach = (crew: Crew, path: string): Answer =>
  refusal({
    status: 404,
    error: `there is no ${path.slice(0, 256)} of all workers together; if there is one, each worker has its own`,
    allowed: [
      ...Object.keys(crewRoutes),
      ...crew.members.map(({ worker }) => `/workers/${worker}${path.slice(0, 256)}`),
    ],
  })
