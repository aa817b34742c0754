import { isJsonObject, type JsonValue } from '../../common/json.js';
import type { ListKind } from '../../subscriptions/view-fingerprints.js';
import { invalidParams } from '../call-params.js';
import type { RpcRequest } from '../json-rpc.js';

/** Resources that one stream may have watched. */
const MAX_WATCHED = 256;

/** Members of the filter that ask for changes of a list. */
export const LIST_WISHES: readonly (readonly [member: string, kind: ListKind])[] = [
  ['toolsListChanged', 'tools'],
  ['promptsListChanged', 'prompts'],
  ['resourcesListChanged', 'resources'],
];

/** What a client wants to hear. */
export interface ListenWishes {
  readonly lists: ReadonlySet<ListKind>;
  /** Each once, as the client wrote it; null: it did not ask for any. */
  readonly uris: readonly string[] | null;
}

/**
 * The filter of a `subscriptions/listen`. Members that are not known are not honoured, and no error.
 * @throws RefusedRequest 400 with `-32602`
 */
export function readListenWishes({ params, id }: RpcRequest): ListenWishes {
  const filter = params?.notifications;
  if (!isJsonObject(filter)) throw invalidParams(400, 'notifications must be an object', id);
  const lists = new Set<ListKind>();
  for (const [member, kind] of LIST_WISHES) {
    const wish = filter[member];
    if (wish !== undefined && typeof wish !== 'boolean') throw invalidParams(400, `${member} must be a boolean`, id);
    if (wish === true) lists.add(kind);
  }
  return { lists, uris: urisOf(filter.resourceSubscriptions, id) };
}

function urisOf(value: JsonValue | undefined, id: RpcRequest['id']): readonly string[] | null {
  if (value === undefined) return null;
  const isList = Array.isArray(value) && value.every((uri) => typeof uri === 'string' && uri !== '');
  if (!isList) throw invalidParams(400, 'resourceSubscriptions must be a list of URIs', id);
  const uris = [...new Set(value.filter((uri) => typeof uri === 'string'))];
  if (uris.length <= MAX_WATCHED) return uris;
  throw invalidParams(400, `resourceSubscriptions must not name more than ${MAX_WATCHED} URIs`, id);
}
