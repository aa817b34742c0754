/** BullMQ queue of the work on audit records. */
export const AUDIT_QUEUE = 'audit';

/** What jobs do: link and sign; record the calls of processes that died; remove what is old. */
export const AUDIT_JOBS = { seal: { every: 10_000 }, settle: { every: 10_000 }, prune: { every: 3_600_000 } } as const;
export type AuditJobName = keyof typeof AUDIT_JOBS;
