import type { JsonObject, JsonValue } from '../common/json.js';
import { protocolError } from './upstream-errors.js';
import type { UpstreamReply } from './upstream.types.js';

/** More pages or entries than this is a loop, not a list. */
const MAX_PAGES = 100;
const MAX_ENTRIES = 10_000;

/** Sends one request of a list with these params. */
export type FetchPage = (params: JsonObject) => Promise<UpstreamReply>;

/**
 * Reads every page of a list.
 * @param method for messages
 * @param member of the result that holds the entries
 * @throws GatehouseError `upstream_protocol_error` for a list without an end or an error as the answer.
 */
export async function collectPages(method: string, member: string, fetchPage: FetchPage): Promise<JsonValue[]> {
  const entries: JsonValue[] = [];
  const cursors = new Set<string>();
  for (let params: JsonObject = {}; ;) {
    const page = resultOf(method, await fetchPage(params));
    const found = page[member];
    if (!Array.isArray(found)) throw protocolError('no', `${method} has no list of ${member}`);
    if (entries.length + found.length > MAX_ENTRIES) throw protocolError('no', `more than ${MAX_ENTRIES} ${member}`);
    entries.push(...found);
    const cursor = page['nextCursor'];
    if (typeof cursor !== 'string') return entries;
    if (cursors.has(cursor) || cursors.size >= MAX_PAGES) {
      throw protocolError('no', `the list of ${member} has no end`);
    }
    cursors.add(cursor);
    params = { cursor };
  }
}

function resultOf(method: string, reply: UpstreamReply): JsonObject {
  if (reply.kind === 'result') return reply.result;
  throw protocolError('no', `${method} was answered with ${reply.error.code}: ${reply.error.message}`);
}
