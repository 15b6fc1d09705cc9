/** What is told of workers by the process that watches over them. */
export const workerMetrics = {
  workerUp: {
    name: 'holdfast_worker_up',
    kind: 'gauge',
    description: '1 while a worker is up. While it is 0, its other series are missing.',
  },
  workerRestarts: {
    name: 'holdfast_worker_restarts_total',
    kind: 'counter',
    description: 'How often a worker was started again after it had ended.',
  },
} as const
