import type { IncomingMessage } from 'node:http';
import { DEADLINES } from '../common/deadlines.js';
import { NOT_SEATED } from '../common/roster.js';
import { refusal, RefusedRequest } from './refused-request.js';
import { RPC } from './json-rpc.js';

/** Largest body of a request; one byte more is refused. */
export const MAX_BODY_BYTES = 4 * 1024 * 1024;
/** Longest time that a body may take to arrive. */
export const BODY_TIMEOUT_MS = 30_000;

/** Thrown when the client went away before its request was complete: there is nobody to answer. */
export class ClientGone extends Error {
  override readonly name = 'ClientGone';
}

/**
 * Refuses what cannot be read, by its headers alone: too large, not JSON, not UTF-8, compressed.
 * @throws RefusedRequest 413 or 415
 */
export function assertReadable(req: IncomingMessage): void {
  const length = req.headers['content-length'];
  if (length !== undefined && Number(length) > MAX_BODY_BYTES) throw refusal('payload_too_large');
  const type = req.headers['content-type'];
  if (type !== 'application/json' && !isJson(type)) throw refusal('unsupported_media_type');
  const encoding = req.headers['content-encoding'];
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') throw refusal('unsupported_media_type');
}

function isJson(type: string | undefined): boolean {
  if (type === undefined) return false;
  const [essence = '', ...parameters] = type.toLowerCase().split(';');
  if (essence.trim() !== 'application/json') return false;
  return parameters.every((parameter) => {
    const [name = '', value = ''] = parameter.split('=');
    return name.trim() !== 'charset' || /^"?utf-?8"?$/.test(value.trim());
  });
}

/**
 * The whole body.
 * @throws RefusedRequest 413 as soon as the limit is passed, 408 when it takes too long; ClientGone
 */
export function readBody(req: IncomingMessage, timeoutMs: number = BODY_TIMEOUT_MS): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const stop = (): void => {
      DEADLINES.forget(patience);
      req.off('data', onData).off('end', onEnd).off('close', onClose);
    };
    const onData = (chunk: Buffer): void => {
      chunks.push(chunk);
      size += chunk.length;
      if (size <= MAX_BODY_BYTES) return;
      stop();
      reject(refusal('payload_too_large'));
    };
    const onEnd = (): void => {
      stop();
      resolve(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks, size));
    };
    const onClose = (): void => {
      stop();
      reject(new ClientGone());
    };
    const patience = {
      seat: NOT_SEATED,
      deadline: performance.now() + timeoutMs,
      onDeadline: (): void => {
        stop();
        reject(timedOut());
      },
    };
    DEADLINES.watch(patience);
    // Node reports a broken connection as an error; `close` follows and is handled.
    req.on('data', onData).on('end', onEnd).on('close', onClose).on('error', ignoreError);
  });
}

function ignoreError(): void {
  // An `error` event without a listener would end the process.
}

/** The rest may never come, so the connection is of no use any more. */
function timedOut(): RefusedRequest {
  const message = 'The body did not arrive in time';
  return new RefusedRequest({ status: 408, code: RPC.invalidRequest, message, headers: { connection: 'close' } });
}
