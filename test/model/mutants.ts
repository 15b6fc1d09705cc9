/** Mistakes that anybody could have made. A check that notices none of them would prove nothing. */
import type { Mutant } from './mutant-run.ts'
import { endpointMutants } from './mutants-of-the-endpoint.ts'
import { routeMutants } from './mutants-of-the-route.ts'
import { storeMutants } from './mutants-of-the-store.ts'

export const mutants: readonly Mutant[] = [...routeMutants, ...endpointMutants, ...storeMutants]
