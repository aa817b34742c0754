import { createHash } from 'node:crypto';
import type { JsonObject } from '../common/json.js';
import type { McpServer } from '../mcp-servers/mcp-server.js';
import type { HeaderMap } from './upstream-headers.js';

/** Owner of what the gateway opens for itself. No principal has this id: ids of principals are not empty. */
export const GATEWAY_ITSELF = '';
/** A client that this door cannot ask is, for a session, one that can do nothing. */
export const NO_CAPABILITIES: JsonObject = {};

/** Whom a session belongs to. */
export interface SessionOwner {
  /** From `callerIdOf`, or {@link GATEWAY_ITSELF}. */
  readonly id: string;
  /** Of the credential that its requests carry. */
  readonly identity: string;
  /** Of the client; a server fixes them when a session opens. */
  readonly capabilities: JsonObject;
  /** Headers of the caller that are forwarded: they may name another user behind the same principal. null: none. */
  readonly forwarded: HeaderMap | null;
}

/** Makes the keys by which sessions are pooled. */
export class SessionKeys {
  readonly #signatures = new WeakMap<JsonObject, string>();

  /** Whatever the server says of sharing, nobody gets a session that was opened with the credential of somebody else. */
  of({ sessionMode }: McpServer, { id, identity, capabilities, forwarded }: SessionOwner): string {
    const signature = this.#signatureOf(capabilities);
    if (sessionMode === 'shared') return `${identity}\n${signature}`;
    const whose = forwarded === null ? id : `${id}\n${digest(forwarded)}`;
    return `${whose}\n${identity}\n${signature}`;
  }

  #signatureOf(capabilities: JsonObject): string {
    const known = this.#signatures.get(capabilities);
    if (known !== undefined) return known;
    const signature = JSON.stringify(capabilities);
    this.#signatures.set(capabilities, signature);
    return signature;
  }
}

function digest(headers: HeaderMap): string {
  return createHash('sha256').update(JSON.stringify(headers)).digest('base64');
}
