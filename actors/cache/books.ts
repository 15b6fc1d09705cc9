import { proceed, state } from './actions.ts'

/** What does not depend on how full the cache is: leases, settlements, what leaves the log. */
export const books = state({
  on: {
    'demand.raised': {
      actions: [{ type: 'setWindow', params: ({ event }) => event }, proceed],
    },
    'batches.settled': {
      actions: [
        { type: 'settle', params: ({ event }) => event },
        { type: 'release', params: ({ event }) => ({ settlements: event.settlements }) },
        proceed,
      ],
    },
    'batches.returned': {
      actions: [{ type: 'takeBack', params: ({ event }) => event }, proceed],
    },
    'batches.loaded': {
      actions: [{ type: 'look', params: ({ event }) => event }, proceed],
    },
    'eviction.recorded': {
      actions: [
        { type: 'noteRecorded', params: ({ event }) => event },
        { type: 'removeEvicted', params: ({ event }) => ({ eviction: event.eviction }) },
      ],
    },
    'eviction.failed': {
      actions: { type: 'fault', params: ({ event }) => ({ why: event.detail }) },
    },
    'segment.removed': {
      actions: [{ type: 'countRemoved', params: ({ event }) => event }, proceed],
    },
    'removal.failed': {
      actions: { type: 'fault', params: ({ event }) => ({ why: event.detail }) },
    },
  },
}).on
