import { isJsonObject } from '../../common/json.js';
import { isIdentityKind, type IdentityReference } from './identity-kinds.js';

/** Topic of {@link LevelChange}. */
export const LEVELS_CHANGED = 'auth.level.changed';
/** Name of the policy version that every write to a level or an access group moves. */
export const LEVELS_VERSION = 'levels';

/** Notifications of PostgreSQL hold less than 8000 bytes. */
const MAX_PAYLOAD_BYTES = 6000;

/** What one write made, changed or deleted. */
export interface LevelChange {
  readonly changed: readonly IdentityReference[];
  /** Policy version of the write. */
  readonly version: number;
}

/** The payload for a change; a change of very many records is told without naming them. */
export function levelChangePayload({ changed, version }: LevelChange): object | null {
  const payload = { changed: changed.map(referenceText), version };
  return Buffer.byteLength(JSON.stringify(payload)) > MAX_PAYLOAD_BYTES ? null : payload;
}

/** Reads a payload; null when it does not name the records, so that they have to be looked for. */
export function readLevelChange(payload: unknown): LevelChange | null {
  if (!isJsonObject(payload)) return null;
  const { changed, version } = payload;
  if (typeof version !== 'number' || !Array.isArray(changed)) return null;
  const references = changed.map((text) => (typeof text === 'string' ? parseReference(text) : null));
  if (references.includes(null)) return null;
  return { changed: references.filter((reference) => reference !== null), version };
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
