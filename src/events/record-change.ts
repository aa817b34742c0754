import { isJsonObject } from '../common/json.js';

/** A notification of PostgreSQL holds less than 8,000 bytes, topic included. */
const MAX_PAYLOAD_BYTES = 6000;

/** Stored records of one kind that one write made, changed or deleted. */
export interface RecordChange {
  readonly ids: readonly string[];
  /** Policy version of the write. */
  readonly version: number;
}

/** The payload for a change; null for one of very many records, which is told without naming them. */
export function recordChangePayload({ ids, version }: RecordChange): RecordChange | null {
  const payload = { ids, version };
  return Buffer.byteLength(JSON.stringify(payload)) > MAX_PAYLOAD_BYTES ? null : payload;
}

/** Reads a payload; null when it does not name the records, so that they have to be looked for. */
export function readRecordChange(payload: unknown): RecordChange | null {
  if (!isJsonObject(payload)) return null;
  const { ids, version } = payload;
  if (typeof version !== 'number' || !Array.isArray(ids)) return null;
  const texts = ids.filter((id) => typeof id === 'string');
  return texts.length === ids.length ? { ids: texts, version } : null;
}
