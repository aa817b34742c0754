/** The revision without sessions. */
export const STATELESS_VERSION = '2026-07-28';
/** Revisions with sessions, best first. */
export const SESSION_VERSIONS = ['2025-11-25', '2025-06-18', '2025-03-26'] as const;

const REVISION = /^\d{4}-\d{2}-\d{2}$/;

/** True for 2026-07-28 and anything later that looks like a revision. */
export function isStatelessEra(version: string | undefined): boolean {
  return version !== undefined && REVISION.test(version) && version >= STATELESS_VERSION;
}
