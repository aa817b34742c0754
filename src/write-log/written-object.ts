import type { JsonObject } from '../common/json.js';

/** Kinds of object that the management API writes. */
export const OBJECT_TYPES = [
  'mcp_server',
  'key',
  'team',
  'user',
  'organization',
  'customer',
  'agent',
  'access_group',
  'user_credential',
  'user_env_vars',
  'tool_pin',
  'signing_key',
  'toolset',
  'job_queue',
] as const;
/** Rooms may record other kinds; these are the ones that every gateway has. */
export type ObjectType = (typeof OBJECT_TYPES)[number] | (string & {});

/** One object. */
export interface ObjectReference {
  readonly type: ObjectType;
  readonly id: string;
}

/** What one write did to one object. */
export interface WrittenObject extends ObjectReference {
  /** What was done, without the type: `create`, `update`, `delete`, `block`, … */
  readonly verb: string;
  /** For people; null: it has none. */
  readonly name: string | null;
  /** Its state before, with secrets as digests; null: it was not there. */
  readonly before: Readonly<JsonObject> | null;
  /** Its state after; null: it is gone. */
  readonly after: Readonly<JsonObject> | null;
  /** What else this write changed: grants that named a deleted server, teams that a deleted user was in. */
  readonly also?: readonly ObjectReference[];
}
