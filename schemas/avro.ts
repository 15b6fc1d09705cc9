// Written by `npm run generate` from avro/*.avsc and history/. Change those.
import type { Definition } from './definition.ts'

/** Today's schemas, each name defined where it is first used. */
export const definitions: readonly Definition[] = [
  {
    type: 'record',
    name: 'AccountBegun',
    namespace: 'holdfast',
    event: 'account.begun',
    fields: [
      { name: 'detail', type: 'string' },
      { name: 'atMs', type: 'long' },
    ],
  },
  {
    type: 'record',
    name: 'AccountCheckpointed',
    namespace: 'holdfast',
    event: 'account.checkpointed',
    fields: [
      { name: 'shard', type: 'int' },
      { name: 'appendedTo', type: 'long' },
      { name: 'settlementsTo', type: 'long' },
      {
        name: 'rows',
        type: {
          type: 'array',
          items: {
            type: 'record',
            name: 'LedgerRow',
            namespace: 'holdfast',
            fields: [
              { name: 'producer', type: 'string' },
              { name: 'tenant', type: 'string' },
              { name: 'service', type: 'string' },
              { name: 'retired', type: 'long' },
              { name: 'live', type: 'long', default: 0 },
              { name: 'delivered', type: 'long' },
              { name: 'dropped', type: 'long' },
              { name: 'refused', type: 'long' },
            ],
          },
        },
      },
      { name: 'atMs', type: 'long' },
    ],
  },
  {
    type: 'record',
    name: 'ActorPersisted',
    namespace: 'holdfast',
    event: 'actor.persisted',
    fields: [
      { name: 'actor', type: 'string' },
      { name: 'version', type: 'int' },
      { name: 'snapshot', type: 'string' },
      { name: 'atMs', type: 'long' },
    ],
  },
  {
    type: 'record',
    name: 'AppendDone',
    namespace: 'holdfast',
    event: 'append.done',
    fields: [{ name: 'appendId', type: 'long' }],
  },
  {
    type: 'record',
    name: 'AppendRefused',
    namespace: 'holdfast',
    event: 'append.refused',
    fields: [
      { name: 'appendId', type: 'long' },
      {
        name: 'reason',
        type: {
          type: 'enum',
          name: 'RefusalReason',
          namespace: 'holdfast',
          symbols: ['cache_full', 'overdue', 'disk_full', 'storage_failed', 'draining'],
        },
      },
      { name: 'retryAfterMs', type: 'long' },
    ],
  },
  {
    type: 'record',
    name: 'AppendRequested',
    namespace: 'holdfast',
    event: 'append.requested',
    fields: [
      { name: 'appendId', type: 'long' },
      {
        name: 'batches',
        type: {
          type: 'array',
          items: {
            type: 'record',
            name: 'Batch',
            namespace: 'holdfast',
            fields: [
              { name: 'id', type: 'string' },
              { name: 'producer', type: 'string' },
              { name: 'tenant', type: 'string' },
              { name: 'service', type: 'string' },
              { name: 'firstSeq', type: 'long' },
              { name: 'lastSeq', type: 'long' },
              { name: 'bytes', type: 'long' },
              {
                name: 'priority',
                type: {
                  type: 'enum',
                  name: 'Priority',
                  namespace: 'holdfast',
                  symbols: ['high', 'normal', 'low'],
                },
              },
              { name: 'fromMs', type: 'long' },
              { name: 'toMs', type: 'long' },
              { name: 'acceptedAtMs', type: 'long' },
            ],
          },
        },
      },
    ],
  },
  {
    type: 'record',
    name: 'AssignmentRecorded',
    namespace: 'holdfast',
    event: 'assignment.recorded',
    fields: [
      {
        name: 'assignment',
        type: {
          type: 'record',
          name: 'Assignment',
          namespace: 'holdfast',
          fields: [
            { name: 'epoch', type: 'long' },
            { name: 'url', type: 'string' },
            { name: 'reason', type: 'string' },
            { name: 'by', type: 'string' },
            { name: 'atMs', type: 'long' },
          ],
        },
      },
    ],
  },
  {
    type: 'record',
    name: 'AttemptMoved',
    namespace: 'holdfast',
    event: 'attempt.moved',
    fields: [
      { name: 'sendId', type: 'string' },
      { name: 'epoch', type: 'long' },
    ],
  },
  {
    type: 'record',
    name: 'AttemptReported',
    namespace: 'holdfast',
    event: 'attempt.reported',
    fields: [
      { name: 'epoch', type: 'long' },
      { name: 'healthy', type: 'boolean' },
      { name: 'detail', type: 'string' },
    ],
  },
  {
    type: 'record',
    name: 'BatchesLeased',
    namespace: 'holdfast',
    event: 'batches.leased',
    fields: [
      { name: 'lease', type: 'long' },
      {
        name: 'held',
        type: {
          type: 'array',
          items: {
            type: 'record',
            name: 'Held',
            namespace: 'holdfast',
            fields: [
              { name: 'batch', type: 'Batch' },
              {
                name: 'at',
                type: {
                  type: 'record',
                  name: 'Position',
                  namespace: 'holdfast',
                  fields: [
                    { name: 'segment', type: 'long' },
                    { name: 'offset', type: 'long' },
                  ],
                },
              },
            ],
          },
        },
      },
      { name: 'untilMs', type: 'long' },
    ],
  },
  {
    type: 'record',
    name: 'BatchesReturned',
    namespace: 'holdfast',
    event: 'batches.returned',
    fields: [
      { name: 'held', type: { type: 'array', items: 'Held' } },
      {
        name: 'reason',
        type: {
          type: 'enum',
          name: 'ReturnReason',
          namespace: 'holdfast',
          symbols: [
            'throttled',
            'unreachable',
            'timed_out',
            'server_error',
            'redirect_failed',
            'unsettled',
            'draining',
            'no_endpoint',
          ],
        },
      },
    ],
  },
  {
    type: 'record',
    name: 'BatchesSettled',
    namespace: 'holdfast',
    event: 'batches.settled',
    fields: [
      {
        name: 'settlements',
        type: {
          type: 'array',
          items: {
            type: 'record',
            name: 'Settlement',
            namespace: 'holdfast',
            fields: [
              { name: 'batchId', type: 'string' },
              { name: 'at', type: 'Position' },
              { name: 'delivered', type: 'long' },
              { name: 'dropped', type: 'long' },
            ],
          },
        },
      },
    ],
  },
  {
    type: 'record',
    name: 'CacheFilled',
    namespace: 'holdfast',
    event: 'cache.filled',
    fields: [
      { name: 'reason', type: 'RefusalReason' },
      { name: 'retryAfterMs', type: 'long' },
    ],
  },
  { type: 'record', name: 'CacheOpened', namespace: 'holdfast', event: 'cache.opened', fields: [] },
  {
    type: 'record',
    name: 'CommandAnswered',
    namespace: 'holdfast',
    event: 'command.answered',
    fields: [
      { name: 'commandId', type: 'string' },
      { name: 'assignment', type: ['null', 'Assignment'] },
      { name: 'why', type: 'string' },
      { name: 'reason', type: 'string' },
    ],
  },
  {
    type: 'record',
    name: 'DemandRaised',
    namespace: 'holdfast',
    event: 'demand.raised',
    fields: [
      { name: 'dispatcher', type: 'string' },
      { name: 'round', type: 'long' },
      { name: 'batchesMax', type: 'long' },
      { name: 'bytesMax', type: 'long' },
    ],
  },
  {
    type: 'record',
    name: 'DispatchResumed',
    namespace: 'holdfast',
    event: 'dispatch.resumed',
    fields: [],
  },
  {
    type: 'record',
    name: 'DispatchSuspended',
    namespace: 'holdfast',
    event: 'dispatch.suspended',
    fields: [{ name: 'reason', type: 'string' }],
  },
  {
    type: 'record',
    name: 'DrainRequested',
    namespace: 'holdfast',
    event: 'drain.requested',
    fields: [{ name: 'deadlineMs', type: 'long' }],
  },
  {
    type: 'enum',
    name: 'DropReason',
    namespace: 'holdfast',
    symbols: [
      'cache_overwritten',
      'cache_corrupt',
      'rejected_by_endpoint',
      'partially_rejected',
      'expired',
      'filtered',
      'source_overrun',
      'operator_purged',
    ],
  },
  {
    type: 'record',
    name: 'DropRecorded',
    namespace: 'holdfast',
    event: 'drop.recorded',
    fields: [
      {
        name: 'drop',
        type: {
          type: 'record',
          name: 'Drop',
          namespace: 'holdfast',
          fields: [
            { name: 'id', type: 'string' },
            { name: 'atMs', type: 'long' },
            { name: 'tenant', type: 'string' },
            { name: 'service', type: 'string' },
            { name: 'producer', type: 'string' },
            { name: 'firstSeq', type: 'long' },
            { name: 'lastSeq', type: 'long' },
            { name: 'records', type: 'long' },
            { name: 'bytes', type: 'long' },
            { name: 'reason', type: 'DropReason' },
            { name: 'detail', type: 'string' },
            { name: 'fromMs', type: 'long' },
            { name: 'toMs', type: 'long' },
          ],
        },
      },
    ],
  },
  {
    type: 'record',
    name: 'EndpointAssigned',
    namespace: 'holdfast',
    event: 'endpoint.assigned',
    fields: [{ name: 'assignment', type: 'Assignment' }],
  },
  {
    type: 'record',
    name: 'EndpointCommanded',
    namespace: 'holdfast',
    event: 'endpoint.commanded',
    fields: [
      { name: 'commandId', type: 'string' },
      { name: 'url', type: 'string' },
      { name: 'reason', type: 'string' },
    ],
  },
  {
    type: 'record',
    name: 'EndpointPinned',
    namespace: 'holdfast',
    event: 'endpoint.pinned',
    fields: [{ name: 'reason', type: 'string' }],
  },
  {
    type: 'record',
    name: 'EndpointRequested',
    namespace: 'holdfast',
    event: 'endpoint.requested',
    fields: [{ name: 'dispatcher', type: 'string' }],
  },
  {
    type: 'record',
    name: 'EndpointUnpinned',
    namespace: 'holdfast',
    event: 'endpoint.unpinned',
    fields: [{ name: 'reason', type: 'string' }],
  },
  {
    type: 'record',
    name: 'Eviction',
    namespace: 'holdfast',
    fields: [
      { name: 'segment', type: 'long' },
      { name: 'batches', type: 'long' },
      { name: 'dropped', type: 'long' },
    ],
  },
  {
    type: 'record',
    name: 'LedgerCheckpointed',
    namespace: 'holdfast',
    event: 'ledger.checkpointed',
    fields: [
      { name: 'rows', type: { type: 'array', items: 'LedgerRow' } },
      {
        name: 'marks',
        type: {
          type: 'array',
          items: {
            type: 'record',
            name: 'Mark',
            namespace: 'holdfast',
            fields: [
              { name: 'at', type: 'Position' },
              { name: 'producer', type: 'string' },
              { name: 'tenant', type: 'string' },
              { name: 'service', type: 'string' },
              { name: 'firstSeq', type: 'long', default: -1 },
              { name: 'delivered', type: 'long' },
              { name: 'dropped', type: 'long' },
            ],
          },
        },
      },
      { name: 'newestSegment', type: 'long', default: 0 },
      { name: 'atMs', type: 'long' },
    ],
  },
  {
    type: 'record',
    name: 'LetterDied',
    namespace: 'holdfast',
    event: 'letter.died',
    fields: [
      { name: 'service', type: 'string' },
      { name: 'topic', type: 'string' },
      { name: 'partition', type: 'int' },
      { name: 'offset', type: 'long' },
      { name: 'why', type: 'string' },
      { name: 'detail', type: 'string' },
      { name: 'atMs', type: 'long' },
      { name: 'size', type: 'long' },
      { name: 'body', type: 'string' },
    ],
  },
  {
    type: 'record',
    name: 'MarkerPlaced',
    namespace: 'holdfast',
    event: 'marker.placed',
    fields: [{ name: 'by', type: 'string' }],
  },
  {
    type: 'record',
    name: 'MarksRecorded',
    namespace: 'holdfast',
    event: 'marks.recorded',
    fields: [
      { name: 'marks', type: { type: 'array', items: 'Mark' } },
      { name: 'drops', type: { type: 'array', items: 'Drop' } },
    ],
  },
  {
    type: 'record',
    name: 'RecordsAppended',
    namespace: 'holdfast',
    event: 'records.appended',
    fields: [{ name: 'held', type: { type: 'array', items: 'Held' } }],
  },
  {
    type: 'record',
    name: 'RedirectRefused',
    namespace: 'holdfast',
    event: 'redirect.refused',
    fields: [
      { name: 'sendId', type: 'string' },
      { name: 'epoch', type: 'long' },
      { name: 'reason', type: 'string' },
    ],
  },
  {
    type: 'record',
    name: 'RedirectReported',
    namespace: 'holdfast',
    event: 'redirect.reported',
    fields: [
      { name: 'sendId', type: 'string' },
      { name: 'epoch', type: 'long' },
      { name: 'status', type: 'int' },
      { name: 'location', type: ['null', 'string'] },
    ],
  },
  {
    type: 'record',
    name: 'SegmentEvicted',
    namespace: 'holdfast',
    event: 'segment.evicted',
    fields: [
      { name: 'segment', type: 'long' },
      {
        name: 'streams',
        type: {
          type: 'array',
          items: {
            type: 'record',
            name: 'StreamLoss',
            namespace: 'holdfast',
            fields: [
              { name: 'producer', type: 'string' },
              { name: 'tenant', type: 'string' },
              { name: 'service', type: 'string' },
              { name: 'accepted', type: 'long' },
              { name: 'dropped', type: 'long' },
            ],
          },
        },
      },
      { name: 'drops', type: { type: 'array', items: 'Drop' } },
    ],
  },
  {
    type: 'record',
    name: 'SegmentLost',
    namespace: 'holdfast',
    event: 'segment.lost',
    fields: [
      { name: 'segment', type: 'long' },
      {
        name: 'streams',
        type: {
          type: 'array',
          items: {
            type: 'record',
            name: 'StreamRemnant',
            namespace: 'holdfast',
            fields: [
              { name: 'producer', type: 'string' },
              { name: 'tenant', type: 'string' },
              { name: 'service', type: 'string' },
              { name: 'keptTo', type: 'long' },
              { name: 'accepted', type: 'long' },
              { name: 'dropped', type: 'long' },
            ],
          },
        },
      },
      { name: 'drops', type: { type: 'array', items: 'Drop' } },
    ],
  },
  {
    type: 'record',
    name: 'SegmentRetired',
    namespace: 'holdfast',
    event: 'segment.retired',
    fields: [
      { name: 'segment', type: 'long' },
      {
        name: 'streams',
        type: {
          type: 'array',
          items: {
            type: 'record',
            name: 'StreamAccepted',
            namespace: 'holdfast',
            fields: [
              { name: 'producer', type: 'string' },
              { name: 'tenant', type: 'string' },
              { name: 'service', type: 'string' },
              { name: 'accepted', type: 'long' },
            ],
          },
        },
      },
    ],
  },
  {
    type: 'record',
    name: 'SegmentsGrown',
    namespace: 'holdfast',
    event: 'segments.grown',
    fields: [
      {
        name: 'extents',
        type: {
          type: 'array',
          items: {
            type: 'record',
            name: 'Extent',
            namespace: 'holdfast',
            fields: [
              { name: 'segment', type: 'long' },
              { name: 'producer', type: 'string' },
              { name: 'tenant', type: 'string' },
              { name: 'service', type: 'string' },
              { name: 'firstSeq', type: 'long' },
              { name: 'lastSeq', type: 'long' },
            ],
          },
        },
      },
    ],
  },
  {
    type: 'record',
    name: 'SendEnded',
    namespace: 'holdfast',
    event: 'send.ended',
    fields: [
      { name: 'sendId', type: 'string' },
      { name: 'epoch', type: 'long' },
      {
        name: 'outcome',
        type: {
          type: 'enum',
          name: 'SendOutcome',
          namespace: 'holdfast',
          symbols: ['settled', 'returned'],
        },
      },
      { name: 'delivered', type: 'long' },
      { name: 'reason', type: ['null', 'ReturnReason'] },
      { name: 'retryAfterMs', type: ['null', 'long'] },
      { name: 'detail', type: 'string' },
      { name: 'jitter', type: 'double' },
    ],
  },
  {
    type: 'record',
    name: 'ServiceBeat',
    namespace: 'holdfast',
    event: 'service.beat',
    fields: [
      { name: 'service', type: 'string' },
      { name: 'role', type: 'string' },
      { name: 'atMs', type: 'long' },
      { name: 'everyMs', type: 'int' },
      {
        name: 'actors',
        type: {
          type: 'array',
          items: {
            type: 'record',
            name: 'ActorSeen',
            namespace: 'holdfast',
            fields: [
              { name: 'id', type: 'string' },
              { name: 'machine', type: 'string' },
              { name: 'value', type: 'string' },
              { name: 'sinceMs', type: 'long' },
              { name: 'detail', type: 'string' },
              { name: 'healthy', type: 'boolean' },
            ],
          },
        },
      },
      {
        name: 'rings',
        type: {
          type: 'array',
          items: {
            type: 'record',
            name: 'RingSeen',
            namespace: 'holdfast',
            fields: [
              { name: 'cache', type: 'string' },
              { name: 'bytes', type: 'long' },
              { name: 'capacityBytes', type: 'long' },
              { name: 'segments', type: 'long' },
              {
                name: 'whenFull',
                type: {
                  type: 'enum',
                  name: 'WhenFull',
                  namespace: 'holdfast',
                  symbols: ['overwrite_oldest', 'refuse'],
                },
              },
              { name: 'oldestMs', type: ['null', 'long'], default: null },
              {
                name: 'classes',
                type: {
                  type: 'array',
                  items: {
                    type: 'record',
                    name: 'ClassSeen',
                    namespace: 'holdfast',
                    fields: [
                      { name: 'priority', type: 'Priority' },
                      { name: 'bytes', type: 'long' },
                      { name: 'batches', type: 'long' },
                      { name: 'leased', type: 'long' },
                    ],
                  },
                },
              },
              {
                name: 'next',
                type: [
                  'null',
                  {
                    type: 'record',
                    name: 'NextOut',
                    namespace: 'holdfast',
                    fields: [
                      { name: 'segment', type: 'long' },
                      { name: 'priority', type: 'Priority' },
                      { name: 'batches', type: 'long' },
                    ],
                  },
                ],
                default: null,
              },
            ],
          },
        },
        default: [],
      },
    ],
  },
  {
    type: 'record',
    name: 'ShardAdopted',
    namespace: 'holdfast',
    event: 'shard.adopted',
    fields: [
      { name: 'shard', type: 'int' },
      { name: 'offset', type: 'long' },
    ],
  },
]

/** What former releases wrote, each self-contained. */
export const formerVersions: readonly Definition[] = [
  {
    type: 'record',
    name: 'LedgerCheckpointed',
    namespace: 'holdfast',
    event: 'ledger.checkpointed',
    fields: [
      {
        name: 'rows',
        type: {
          type: 'array',
          items: {
            type: 'record',
            name: 'LedgerRow',
            namespace: 'holdfast',
            fields: [
              { name: 'producer', type: 'string' },
              { name: 'tenant', type: 'string' },
              { name: 'service', type: 'string' },
              { name: 'retired', type: 'long' },
              { name: 'live', type: 'long', default: 0 },
              { name: 'delivered', type: 'long' },
              { name: 'dropped', type: 'long' },
              { name: 'refused', type: 'long' },
            ],
          },
        },
      },
      {
        name: 'marks',
        type: {
          type: 'array',
          items: {
            type: 'record',
            name: 'Mark',
            namespace: 'holdfast',
            fields: [
              {
                name: 'at',
                type: {
                  type: 'record',
                  name: 'Position',
                  namespace: 'holdfast',
                  fields: [
                    { name: 'segment', type: 'long' },
                    { name: 'offset', type: 'long' },
                  ],
                },
              },
              { name: 'producer', type: 'string' },
              { name: 'tenant', type: 'string' },
              { name: 'service', type: 'string' },
              { name: 'delivered', type: 'long' },
              { name: 'dropped', type: 'long' },
            ],
          },
        },
      },
      { name: 'newestSegment', type: 'long', default: 0 },
      { name: 'atMs', type: 'long' },
    ],
  },
  {
    type: 'record',
    name: 'MarksRecorded',
    namespace: 'holdfast',
    event: 'marks.recorded',
    fields: [
      {
        name: 'marks',
        type: {
          type: 'array',
          items: {
            type: 'record',
            name: 'Mark',
            namespace: 'holdfast',
            fields: [
              {
                name: 'at',
                type: {
                  type: 'record',
                  name: 'Position',
                  namespace: 'holdfast',
                  fields: [
                    { name: 'segment', type: 'long' },
                    { name: 'offset', type: 'long' },
                  ],
                },
              },
              { name: 'producer', type: 'string' },
              { name: 'tenant', type: 'string' },
              { name: 'service', type: 'string' },
              { name: 'delivered', type: 'long' },
              { name: 'dropped', type: 'long' },
            ],
          },
        },
      },
      {
        name: 'drops',
        type: {
          type: 'array',
          items: {
            type: 'record',
            name: 'Drop',
            namespace: 'holdfast',
            fields: [
              { name: 'id', type: 'string' },
              { name: 'atMs', type: 'long' },
              { name: 'tenant', type: 'string' },
              { name: 'service', type: 'string' },
              { name: 'producer', type: 'string' },
              { name: 'firstSeq', type: 'long' },
              { name: 'lastSeq', type: 'long' },
              { name: 'records', type: 'long' },
              { name: 'bytes', type: 'long' },
              {
                name: 'reason',
                type: {
                  type: 'enum',
                  name: 'DropReason',
                  namespace: 'holdfast',
                  symbols: [
                    'cache_overwritten',
                    'cache_corrupt',
                    'rejected_by_endpoint',
                    'partially_rejected',
                    'expired',
                    'filtered',
                    'source_overrun',
                    'operator_purged',
                  ],
                },
              },
              { name: 'detail', type: 'string' },
              { name: 'fromMs', type: 'long' },
              { name: 'toMs', type: 'long' },
            ],
          },
        },
      },
    ],
  },
]
