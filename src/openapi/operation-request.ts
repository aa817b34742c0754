import { isJsonObject, type JsonObject, type JsonValue } from '../common/json.js';
import type { Operation, OperationBody, OperationParameter, ParameterPlace } from './operation.js';
import { operationPath } from './operation-path.js';
import { encode, headerText, pairsOf, plain } from './parameter-styles.js';
import { UnfitArgument } from './unfit-argument.js';

/** A request to an API. */
export interface ApiRequest {
  readonly method: string;
  /** Path and query below the base URL, encoded; begins with a slash. */
  readonly target: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** null: none. */
  readonly body: string | Uint8Array | FormData | null;
}

/**
 * The request that calls an operation. Only what the document declares is sent; values that are false, zero or empty are
 * sent like others, and only what is missing or null is left out.
 * @throws UnfitArgument
 */
export function operationRequest(operation: Operation, given: JsonObject): ApiRequest {
  const at = (place: ParameterPlace) => written(operation.parameters, place, given);
  const query = at('query').flatMap(([parameter, value]) => pairsOf(parameter, value));
  const cookies = at('cookie').flatMap(([parameter, value]) => pairsOf(parameter, value));
  const headers: Record<string, string> = {};
  for (const [parameter, value] of at('header')) headers[parameter.name.toLowerCase()] = headerValue(parameter, value);
  if (cookies.length > 0) headers['cookie'] = cookies.map(encodedPair).join('; ');
  const body = operation.body === null ? null : bodyOf(operation.body, given[operation.body.argument]);
  // A form writes its own type, since it chooses the boundary.
  if (operation.body !== null && body !== null && !(body instanceof FormData)) {
    headers['content-type'] = operation.body.mediaType;
  }
  const path = operationPath(operation, given);
  const target = query.length === 0 ? path : `${path}?${query.map(encodedPair).join('&')}`;
  return { method: operation.method, target, headers, body };
}

function written(
  parameters: readonly OperationParameter[],
  place: ParameterPlace,
  given: JsonObject,
): [OperationParameter, JsonValue][] {
  return parameters.flatMap((parameter): [OperationParameter, JsonValue][] => {
    const value = Object.hasOwn(given, parameter.argument) ? given[parameter.argument] : undefined;
    return parameter.in !== place || value === undefined || value === null ? [] : [[parameter, value]];
  });
}

function encodedPair([name, text]: [string, string]): string {
  return `${encode(name)}=${encode(text)}`;
}

function headerValue(parameter: OperationParameter, value: JsonValue): string {
  const text = headerText(parameter, value);
  if (/^[\t\u0020-\u007e\u0080-\u00ff]*$/.test(text)) return text;
  throw new UnfitArgument(parameter.argument, 'must not hold line breaks or characters that headers cannot carry');
}

function bodyOf(body: OperationBody, value: JsonValue | undefined): ApiRequest['body'] {
  if (value === undefined) return null;
  if (/^application\/(.+\+)?json$/.test(body.mediaType)) return JSON.stringify(value);
  if (body.mediaType === 'application/x-www-form-urlencoded') return formPairs(body, value).map(encodedPair).join('&');
  if (body.mediaType === 'multipart/form-data') return multipart(body, value);
  if (body.mediaType.startsWith('text/')) return plain(value);
  return bytesOf(body.argument, value);
}

function formPairs({ argument }: OperationBody, value: JsonValue): [string, string][] {
  if (!isJsonObject(value)) throw new UnfitArgument(argument, 'must be an object');
  return Object.entries(value).flatMap(([name, member]): [string, string][] => {
    if (member === null) return [];
    return Array.isArray(member) ? member.map((each) => [name, plain(each)]) : [[name, plain(member)]];
  });
}

function multipart(body: OperationBody, value: JsonValue): FormData {
  const form = new FormData();
  for (const [name, text] of formPairs(body, value)) {
    if (!body.binaryMembers.includes(name)) form.append(name, text);
    else form.append(name, new Blob([bytesOf(`${body.argument}.${name}`, text)]), name);
  }
  return form;
}

function bytesOf(argument: string, value: JsonValue): Uint8Array<ArrayBuffer> {
  const isBase64 = typeof value === 'string' && /^[A-Za-z0-9+/_-]*={0,2}$/.test(value);
  if (!isBase64) throw new UnfitArgument(argument, 'must be bytes in base64');
  return Uint8Array.from(Buffer.from(value, 'base64'));
}
