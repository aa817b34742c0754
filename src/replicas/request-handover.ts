import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { Agent } from 'undici';
import { FORWARDED_HEADER } from '../common/forwarded-header.js';
import { messageOf } from '../common/gatehouse-error.js';
import { REQUEST_ID_HEADER } from '../common/request-id.js';
import { ForwardedPeers } from './forwarded-peer.js';
import { ReplicaRoster } from './replica-roster.js';

/** How long another process may take to accept a connection. It is a neighbour. */
const CONNECT_MS = 2_000;

/** What concerns one connection and not the request; `content-length` is written anew. */
const OF_THE_CONNECTION = new Set([
  ...['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'expect'],
  ...['content-length', FORWARDED_HEADER, REQUEST_ID_HEADER],
]);
/** Of an answer they say something about it. */
const ANSWERED = new Set(['content-length', REQUEST_ID_HEADER]);
const NOT_REACHED = new Set([
  ...['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT'],
]);

/** A request that belongs to another process. */
export interface HandedOver {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  /** null: it has none. */
  readonly body: Buffer | null;
  readonly requestId: string;
}

/** Could not be handed over, and nothing of it arrived: it can be answered in another way. */
export class NotHandedOver extends Error {
  override readonly name = 'NotHandedOver';
}

/**
 * Hands requests over to the process that holds what they belong to, once, and carries its answer back as it comes. That
 * process authenticates and authorises them like any other request; it only takes over where the client is.
 */
@Injectable()
export class RequestHandover implements OnApplicationShutdown {
  private readonly logger = new Logger(RequestHandover.name);
  // Streams may be silent for as long as they like: whoever answers them watches over them.
  private readonly agent = new Agent({ connect: { timeout: CONNECT_MS }, headersTimeout: 0, bodyTimeout: 0 });
  private readonly streams = new Set<AbortController>();

  constructor(
    private readonly roster: ReplicaRoster,
    private readonly peers: ForwardedPeers,
  ) {}

  async onApplicationShutdown(): Promise<void> {
    await this.agent.destroy();
  }

  /**
   * Resolves when the answer is complete, or its client gone.
   * @throws NotHandedOver when there is no such process, or it cannot be reached
   */
  async handOver(request: HandedOver, replicaId: string): Promise<void> {
    const { req, res } = request;
    const origin = await this.roster.urlOf(replicaId);
    if (origin === null) throw new NotHandedOver('there is no such replica');
    const gone = new AbortController();
    const leave = (): void => gone.abort();
    res.once('close', leave);
    if (req.method === 'GET') this.streams.add(gone);
    try {
      await this.carry(request, origin, replicaId, gone.signal);
    } catch (error) {
      this.onBroken(res, error);
    } finally {
      res.off('close', leave);
      this.streams.delete(gone);
    }
  }

  /** This process stops: clients take their streams up again at another one. */
  endStreams(): void {
    for (const stream of this.streams) stream.abort();
  }

  private async carry(
    { req, res, body, requestId }: HandedOver,
    origin: string,
    replicaId: string,
    signal: AbortSignal,
  ): Promise<void> {
    const sealed = this.peers.seal({ address: req.socket.remoteAddress ?? null }, replicaId);
    const headers = [...endToEnd(req.rawHeaders), FORWARDED_HEADER, sealed, REQUEST_ID_HEADER, requestId];
    const method = req.method === 'GET' || req.method === 'DELETE' ? req.method : 'POST';
    const answer = await this.agent
      .request({ origin, path: req.url ?? '/', method, headers, body, signal })
      .catch((error: unknown) => {
        if (wasNotReached(error)) throw new NotHandedOver('the replica cannot be reached', { cause: error });
        throw error;
      });
    res.writeHead(answer.statusCode, endToEndOf(answer.headers));
    // The head of a stream must not wait for its first event.
    res.flushHeaders();
    await pipeline(answer.body, res);
  }

  private onBroken(res: ServerResponse, error: unknown): void {
    // Without a client there is nobody to answer, and a broken answer was cut off for the client as well.
    if (!res.destroyed) throw error;
    if (!res.writableFinished && !isAbort(error))
      this.logger.warn(`an answer of another replica broke off: ${messageOf(error)}`);
  }
}

/** Flat, as they came. */
function endToEnd(rawHeaders: readonly string[]): string[] {
  return rawHeaders.filter((_, index) => !OF_THE_CONNECTION.has((rawHeaders[index - (index % 2)] ?? '').toLowerCase()));
}

function endToEndOf(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => ANSWERED.has(name) || !OF_THE_CONNECTION.has(name)),
  );
}

/** Nothing can have arrived. */
function wasNotReached(error: unknown): boolean {
  return error instanceof Error && 'code' in error && NOT_REACHED.has(String(error.code));
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}
