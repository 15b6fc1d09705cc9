/** The services that the distributed body is made of. */
export const roles = ['collector', 'cache', 'dispatcher', 'endpoint-manager', 'auditor'] as const
export type Role = (typeof roles)[number]
