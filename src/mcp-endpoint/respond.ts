import type { ServerResponse } from 'node:http';
import { REQUEST_ID_HEADER } from '../common/request-id.js';
import type { Exchange } from './exchange.js';
import { errorJson } from './json-rpc.js';
import type { RefusedRequest } from './refused-request.js';

/** For responses that need none of their own. */
export const NO_HEADERS: Readonly<Record<string, string>> = {};
/** What the kernel did not take at once may stay in memory this long. */
const SLOW_READER_MS = 60_000;
const SLOW_READER_BYTES = 256 * 1024;
/** A larger or endless request body is not read to its end only to keep the connection. */
const MAX_DISCARDED_BYTES = 64 * 1024;
/** Time for the client to see the answer before the connection with its unread body is cut. */
const LINGER_MS = 1_000;

/** Sends one complete JSON body. Does nothing when the client is gone. */
export function sendJson(
  exchange: Exchange,
  status: number,
  body: string | Buffer,
  headers: Readonly<Record<string, string>> = NO_HEADERS,
): void {
  const { res, outlet } = exchange;
  if (outlet !== null) return outlet.send(body.toString());
  if (res.headersSent || res.destroyed) return;
  res.writeHead(status, jsonHeaders(exchange, body, headers));
  endWithin(res, body);
}

/** Sends a status without a body. */
export function sendEmpty(exchange: Exchange, status: number): void {
  const { res, outlet } = exchange;
  if (outlet !== null || res.headersSent || res.destroyed) return;
  res.writeHead(status, [...commonHeaders(exchange), 'content-length', '0']);
  res.end();
}

/** Answers a request that went no further. Requests whose body is not read are cut off after the answer. */
export function sendRefusal(exchange: Exchange, refused: RefusedRequest): void {
  const { req, res } = exchange;
  const body = errorJson(refused.id, refused.code, refused.message, refused.data);
  if (exchange.outlet !== null) return exchange.outlet.send(body);
  if (isReadAnyway(exchange)) return sendJson(exchange, refused.status, body, refused.headers);
  if (res.headersSent || res.destroyed) return;
  res.writeHead(refused.status, jsonHeaders({ ...exchange, draining: true }, body, refused.headers));
  // Ending at once would reset the connection, and the reset can overtake the answer.
  res.write(body);
  req.resume();
  const end = (): void => {
    clearTimeout(timer);
    res.end();
  };
  const timer = setTimeout(end, LINGER_MS);
  req.once('end', end).once('close', end);
}

/** Ends a response; a client that does not read what is left of it is dropped. */
export function endWithin(res: ServerResponse, lastChunk?: string | Buffer): void {
  if (lastChunk === undefined) res.end();
  else res.end(lastChunk);
  if (res.writableLength < SLOW_READER_BYTES) return;
  const timer = setTimeout(() => res.destroy(), SLOW_READER_MS);
  res.once('close', () => clearTimeout(timer));
}

function isReadAnyway({ req }: Exchange): boolean {
  if (req.complete) return true;
  const length = req.headers['content-length'];
  if (length === undefined) return req.headers['transfer-encoding'] === undefined;
  return Number(length) <= MAX_DISCARDED_BYTES;
}

/**
 * What every response carries, flat: name, value, name, value. In this form, and without any header that was set
 * before, Node writes the head in one go.
 */
export function commonHeaders({ requestId, draining }: Exchange): string[] {
  const headers = [REQUEST_ID_HEADER, requestId, 'cache-control', 'no-store', 'x-content-type-options', 'nosniff'];
  if (draining) headers.push('connection', 'close');
  return headers;
}

function jsonHeaders(exchange: Exchange, body: string | Buffer, more: Readonly<Record<string, string>>): string[] {
  const headers = commonHeaders(exchange);
  headers.push('content-type', 'application/json', 'content-length', String(Buffer.byteLength(body)));
  if (more !== NO_HEADERS) headers.push(...Object.entries(more).flat());
  return headers;
}
