import { isIdentityKind, type IdentityReference } from './identity-kinds.js';

/** Topic of the changes of levels and access groups, which are named by {@link referenceText}. */
export const LEVELS_CHANGED = 'auth.level.changed';
/** Name of the policy version that every write to a level or an access group moves. */
export const LEVELS_VERSION = 'levels';

/** What one write made, changed or deleted. */
export interface LevelChange {
  readonly changed: readonly IdentityReference[];
  /** Policy version of the write. */
  readonly version: number;
}

/** A reference as one text: `team:3f1c…`. */
export function referenceText({ kind, id }: IdentityReference): string {
  return `${kind}:${id}`;
}

/** Reads what {@link referenceText} made; null for anything else. */
export function parseReference(text: string): IdentityReference | null {
  const colon = text.indexOf(':');
  const kind = text.slice(0, Math.max(colon, 0));
  return isIdentityKind(kind) ? { kind, id: text.slice(colon + 1) } : null;
}
